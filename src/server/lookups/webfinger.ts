// WebFinger (RFC 7033): a resource → a JSON resource descriptor with a link for each route. An `acct:` is taken for the e-mail
// address it looks like.
import type { Answer, AnswerRoute } from '../../protocol/answer.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { parseIdentifier } from '../../protocol/identifier.ts';
import { contactUri, reachableRoutes, type Asker } from './reachable.ts';

/** The relation of a link that is a route, and the prefix of what is said of it. */
const NAMES = 'urn:whereabouts';
export const ROUTE_REL = `${NAMES}:route`;

interface Link {
  readonly rel: string;
  readonly href?: string;
  readonly titles?: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
}

/** RFC 7033 §4.4. */
export interface Descriptor {
  readonly subject: string;
  readonly links: readonly Link[];
}

/**
 * What is known of a resource; `rels`, where there are any, are the only links wanted (§4.3). Undefined where nobody is found.
 * Throws `request-invalid` for a resource that is none, and like `reachableRoutes`.
 */
export async function describeResource(
  client: Asker,
  resource: string,
  rels: readonly string[],
): Promise<Descriptor | undefined> {
  const { identifier, scheme } = readResource(resource);
  const answer = await client.where(identifier);
  const routes = reachableRoutes(answer);
  if (routes.length === 0) return undefined;
  const links = rels.length === 0 || rels.includes(ROUTE_REL) ? routes.map(formatLink) : [];
  return { subject: subjectOf(answer, scheme), links };
}

function readResource(resource: string): { identifier: string; scheme: string } {
  const [, scheme = '', rest = ''] = /^(acct|mailto|tel):(.+)$/is.exec(resource) ?? [];
  try {
    // RFC 7565 §4 and RFC 6068 §2: the part before the `@` may be percent-encoded.
    const text = scheme.toLowerCase() === 'tel' ? rest : decodeURIComponent(rest);
    if (scheme === '') throw new Error('another scheme');
    const kind = scheme.toLowerCase() === 'tel' ? 'tel' : 'mailto';
    return { identifier: parseIdentifier(`${kind}:${text}`), scheme: scheme.toLowerCase() };
  } catch {
    throw new WhereaboutsError('request-invalid', 'the resource is no acct:, mailto: or tel: URI');
  }
}

const subjectOf = ({ id }: Answer, scheme: string): string =>
  scheme === 'acct' ? id.replace(/^mailto:/, 'acct:') : id;

function formatLink(route: AnswerRoute): Link {
  const { provider, address, assurance, connect, encryption, expires } = route;
  const href = contactUri(route);
  const said = {
    provider: provider.domain,
    address,
    assurance,
    protocol: connect?.protocol,
    endpoint: connect?.endpoint,
    encryption: encryption.level,
    readers: encryption.readers.join(' '),
    expires,
  };
  return {
    rel: ROUTE_REL,
    ...(href === undefined ? {} : { href }),
    ...(provider.name === undefined ? {} : { titles: { und: provider.name } }),
    properties: Object.fromEntries(
      Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [[`${NAMES}:${name}`, value]])),
    ),
  };
}
