// DIDs as identities in claims: `did:web`, `did:key`, `did:plc`. Fetches only through the guarded fetch it is given, and
// believes a directory nothing it can check.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { parseJson, type Json } from '../../protocol/json.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { replayPlc } from '../plc/audit-log.ts';
import type { SafeFetch } from '../safe-fetch.ts';
import { readDocument, type ResolvedDid } from './document.ts';
import { parseDidKey, parseMultikey } from './key.ts';
import { didWebUrl } from './web.ts';

export interface DidContext {
  readonly fetch: SafeFetch;
  /** Base URL of the did:plc directory, no slash at the end: `https://plc.directory` unless given. */
  readonly plcDirectory?: string;
}

type Resolve = (did: string, ctx: DidContext) => Promise<ResolvedDid | undefined>;

const METHODS: Readonly<Record<string, Resolve>> = { key: resolveKey, plc: resolvePlc, web: resolveWeb };

/**
 * Keys, other names and services of a DID; undefined where there is none or it has ended. Throws `did-invalid` for what is no
 * DID of these methods or whose document is not its own, `import-invalid` for a log that does not hold, and what fetching throws.
 */
export async function resolveDid(did: string, ctx: DidContext): Promise<ResolvedDid | undefined> {
  const [, method = ''] = /^did:([a-z0-9]+):/.exec(did) ?? [];
  const resolve = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (resolve === undefined || did.length > LIMITS.didOctets)
    throw new WhereaboutsError('did-invalid', 'not a DID of the methods known here');
  return await resolve(did, ctx);
}

async function resolveKey(did: string): Promise<ResolvedDid> {
  try {
    const key = parseDidKey(did);
    return { did, keys: [{ id: `${did}#${did.slice('did:key:'.length)}`, key }], alsoKnownAs: [], services: [] };
  } catch (cause) {
    throw new WhereaboutsError('did-invalid', 'not a did:key of the curves known here', { cause });
  }
}

async function resolveWeb(did: string, ctx: DidContext): Promise<ResolvedDid | undefined> {
  const value = await fetchJson(ctx, didWebUrl(did), {
    accept: ['application/did+json', 'application/did+ld+json', 'application/json'],
    maxOctets: LIMITS.didDocumentOctets,
    describedPort: true,
  });
  return value === undefined ? undefined : readDocument(value, did);
}

async function resolvePlc(did: string, ctx: DidContext): Promise<ResolvedDid | undefined> {
  const log = await fetchPlcLog(did, ctx);
  const data = log === undefined ? undefined : replayPlc(log, did).data;
  if (data === undefined) return undefined;
  return {
    did,
    alsoKnownAs: data.alsoKnownAs,
    keys: Object.entries(data.verificationMethods).flatMap(([name, text]) => {
      // The log takes any did:key; one on another curve is nothing to verify with here.
      const key = text.startsWith('did:key:') ? tryMultikey(text.slice('did:key:'.length)) : undefined;
      return key === undefined ? [] : [{ id: `${did}#${name}`, key }];
    }),
    services: Object.entries(data.services).map(([name, service]) => ({ id: `${did}#${name}`, ...service })),
  };
}

function tryMultikey(text: string): ReturnType<typeof parseMultikey> | undefined {
  try {
    return parseMultikey(text);
  } catch {
    return undefined;
  }
}

/** The audit log of a did:plc as the directory gives it; undefined where it knows of none. */
export async function fetchPlcLog(did: string, ctx: DidContext): Promise<Json | undefined> {
  if (!/^did:plc:[a-z2-7]{24}$/.test(did)) throw new WhereaboutsError('did-invalid', 'not a did:plc');
  const directory = ctx.plcDirectory ?? 'https://plc.directory';
  return await fetchJson(ctx, `${directory}/${did}/log/audit`, {
    accept: ['application/json'],
    maxOctets: LIMITS.importOctets,
    describedPort: true,
  });
}

async function fetchJson(
  ctx: DidContext,
  url: string,
  options: NonNullable<Parameters<SafeFetch>[1]>,
): Promise<Json | undefined> {
  const { status, body } = await ctx.fetch(url, options);
  if (status === 404 || status === 410) return undefined;
  if (status !== 200) throw new WhereaboutsError('peer-unreachable');
  return parseJson(body);
}
