// As much of a directory as an issuer meets: it evaluates for real, verifies who calls, and notes what was withdrawn.
import { sha256 } from '@noble/hashes/sha2.js';
import { nobleGroup } from '../../../src/protocol/group-noble.ts';
import { evaluate, generateKeyPair, keyId, type OprfKeyPair } from '../../../src/protocol/oprf.ts';
import { verifyClientToken } from '../../../src/protocol/token/client-token.ts';
import type { FindKeys } from '../../../src/protocol/token/jws.ts';
import { verifyWithdrawal } from '../../../src/protocol/token/withdrawal.ts';
import { formatB64u, parseB64u, utf8 } from '../../../src/protocol/wire.ts';
import { importSigner } from '../../protocol/log/signers.ts';
import { MemoryDirectory } from '../../support/memory-directory.ts';

const random = (octets: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(octets));

export type TestKey = OprfKeyPair & { readonly until?: number };

export interface TestDirectory {
  /** Keys it lists and evaluates under. */
  readonly oprf: TestKey[];
  readonly withdrawals: { jti: string; sub: string }[];
  readonly answer: (
    url: URL,
    headers: Readonly<Record<string, string | undefined>>,
    body: unknown,
  ) => Promise<Response>;
}

export function createTestDirectory(options: {
  domain: string;
  api: string;
  /** Seconds. */
  now: () => number;
  keys: FindKeys;
}): TestDirectory {
  const { domain, api, now, keys } = options;
  const oprf: TestKey[] = [generateKeyPair(nobleGroup, random)];
  const withdrawals: TestDirectory['withdrawals'] = [];
  const aud = new URL(api).hostname;

  // Its log, and where names are filed: it holds no records, so that every withdrawal is proven at once.
  const logged = (async () => {
    const signer = await importSigner(`${domain}/whereabouts`, sha256(utf8('log')));
    const log = new MemoryDirectory({ domain, signer, clock: () => now() * 1000 });
    log.oprf.splice(0);
    return log;
  })();
  /** A fresh epoch, under the keys listed now. */
  const openLog = async (): Promise<MemoryDirectory> => {
    const log = await logged;
    log.oprf.splice(0, log.oprf.length, ...oprf.toSorted((a, b) => (keyId(a.publicKey) < keyId(b.publicKey) ? -1 : 1)));
    const retiring = oprf.find(({ until }) => until !== undefined);
    const config = log.configText(retiring?.until === undefined ? undefined : { key: retiring, until: retiring.until });
    await log.publish({ config });
    return log;
  };
  const evaluateFor = async (token: string, request: { key: string; blinded: string[] }) => {
    await verifyClientToken(token, { now: now(), aud, keys });
    const pair = oprf.find(({ publicKey }) => keyId(publicKey) === request.key);
    if (pair === undefined) {
      const type = { 'content-type': 'application/problem+json' };
      return new Response('{"code":"key-unknown"}', { status: 409, headers: type });
    }
    const blinded = request.blinded.map((text) => parseB64u(text, 32));
    const { evaluated, proof } = evaluate(nobleGroup, pair, blinded, random);
    return Response.json({ key: request.key, evaluated: evaluated.map(formatB64u), proof: formatB64u(proof) });
  };

  return {
    oprf,
    withdrawals,
    answer: async (url, headers, body) => {
      const { pathname } = url;
      if (pathname === '/.well-known/whereabouts') {
        const description = JSON.parse((await logged).description()) as { directory: object };
        return Response.json({ ...description, directory: { ...description.directory, api } });
      }
      if (pathname === '/v1/epoch') return (await openLog()).answer('GET', url, '');
      if (/^\/(?:v1\/config|log)\//.test(pathname)) return (await logged).answer('GET', url, '');
      if (pathname === '/v1/evaluate')
        return evaluateFor(headers['authorization']?.replace('Bearer ', '') ?? '', body as never);
      const sub = /^\/v1\/records\/([\w-]{43})\/withdrawal$/.exec(pathname)?.[1];
      if (sub === undefined) return new Response('', { status: 404 });
      const { withdrawal } = body as { withdrawal: string };
      const claims = await verifyWithdrawal(withdrawal, { now: now(), aud: domain, sub, keys });
      if (claims.by === 'issuer') withdrawals.push({ jti: claims.jti, sub });
      const log = await openLog();
      return Response.json({ epoch: log.logLeaves.length - 1, ...log.bucketReply(log.bucketOf(parseB64u(sub, 32))) });
    },
  };
}
