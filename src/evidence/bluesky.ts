// Bluesky (§9.3): handle and DID must name each other, and the record is read from the server the DID's document names. The
// repository's DID is the author. Who runs that server could show any record: commit signatures are not checked.
import { z } from 'zod';
import { isServiceUrl } from '../protocol/domain.ts';
import { ask, isMissing, optionalText, readAs, textOf, type EvidenceContext, type FindStatement } from './ask.ts';
import { unreached, type Finding } from './verdict.ts';

const DOCUMENT = z.object({
  id: z.string(),
  alsoKnownAs: z.array(z.string()).max(64).optional(),
  service: z
    .array(z.looseObject({ id: z.string(), type: z.unknown().optional(), serviceEndpoint: z.unknown().optional() }))
    .max(64)
    .optional(),
});
const ERROR = z.object({ error: z.string() });
const RECORD = z.object({
  uri: z.string(),
  value: z.looseObject({
    $type: z.string(),
    text: optionalText,
    description: optionalText,
    displayName: optionalText,
  }),
});

/** Errors of `com.atproto.repo.getRecord` by what they say; others say nothing. */
const GONE: ReadonlyMap<string, 'account-missing' | 'post-missing'> = new Map([
  ['RecordNotFound', 'post-missing'],
  ['RepoNotFound', 'account-missing'],
  ['RepoDeactivated', 'account-missing'],
  ['RepoTakendown', 'account-missing'],
  ['RepoSuspended', 'account-missing'],
]);

export const findOnBluesky: FindStatement = async ({ account, where = '' }, ctx) => {
  const [did = '', collection = '', key = ''] = where.slice('at://'.length).split('/');
  const owner = await resolveHandle(account, ctx);
  if (owner === undefined) return { none: 'account-missing' };
  if (owner !== did) return { none: 'account-moved' };
  const document = await findDocument(did, ctx);
  if (document === undefined) return { none: 'account-missing' };
  // atproto: the first at:// name is the handle.
  const name = document.alsoKnownAs?.find((text) => text.startsWith('at://'));
  if (name?.toLowerCase() !== `at://${account}`) return { none: 'account-moved' };
  const server = document.service?.find(
    ({ id }) => id === '#atproto_pds' || id === `${did}#atproto_pds`,
  )?.serviceEndpoint;
  if (typeof server !== 'string' || !isServiceUrl(server, { sandbox: false })) throw unreached('answer-unusable');
  return await findRecord(new URL(server).origin, { did, collection, key, where, account }, ctx);
};

/** By DNS, or else by HTTPS; two different answers of one kind are none (atproto handle specification). */
async function resolveHandle(handle: string, ctx: EvidenceContext): Promise<string | undefined> {
  const found = (await ctx.resolveTxt(`_atproto.${handle}`)).filter((text) => text.startsWith('did='));
  if (found.length > 1) return undefined;
  if (found[0] !== undefined) return found[0].slice('did='.length);
  const reply = await ask(ctx, `https://${handle}/.well-known/atproto-did`, { accept: ['text/plain'] });
  return isMissing(reply) ? undefined : textOf(reply).trim();
}

async function findDocument(did: string, ctx: EvidenceContext): Promise<z.infer<typeof DOCUMENT> | undefined> {
  const web = did.startsWith('did:web:') ? did.slice('did:web:'.length) : undefined;
  const url = web === undefined ? `https://plc.directory/${did}` : `https://${web}/.well-known/did.json`;
  const reply = await ask(ctx, url, {
    accept: ['application/did+ld+json', 'application/did+json', 'application/json'],
  });
  if (isMissing(reply)) return undefined;
  const document = readAs(DOCUMENT, reply);
  if (document.id !== did) throw unreached('answer-unusable');
  return document;
}

async function findRecord(
  server: string,
  at: {
    readonly did: string;
    readonly collection: string;
    readonly key: string;
    readonly where: string;
    readonly account: string;
  },
  ctx: EvidenceContext,
): Promise<Finding> {
  const query = new URLSearchParams({ repo: at.did, collection: at.collection, rkey: at.key });
  const reply = await ask(ctx, `${server}/xrpc/com.atproto.repo.getRecord?${query.toString()}`, { also: [400] });
  if (isMissing(reply)) throw unreached('answer-unusable');
  if (reply.status === 400) {
    const none = GONE.get(readAs(ERROR, reply).error);
    if (none === undefined) throw unreached('answer-unusable');
    return { none };
  }
  const { uri, value } = readAs(RECORD, reply);
  if (uri !== at.where || value.$type !== at.collection) throw unreached('answer-unusable');
  // What a post quotes is embedded, and not its text.
  return { author: at.account, texts: [value.text ?? '', value.description ?? '', value.displayName ?? ''] };
}
