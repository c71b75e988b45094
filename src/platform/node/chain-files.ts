// Keys of identity chains kept here, one file a chain, mode 0600: whoever has one can speak for the chain. Everything else about a chain
// is public and kept by its directory.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { failAs, WhereaboutsError } from '../../protocol/errors.ts';
import { parseJson } from '../../protocol/json.ts';
import { b64u, domain } from '../../protocol/token/claims.ts';
import { thumbprint, type TemporaryKey } from '../../protocol/token/temporary-key.ts';
import { createSecretFile, findSecretFile } from './secret-file.ts';

const form = z.strictObject({
  version: z.literal(1),
  chain: b64u(32),
  directory: domain,
  key: z.strictObject({ crv: z.literal('Ed25519'), kty: z.literal('OKP'), x: b64u(32), d: b64u(32) }),
});

/** A chain, where it is, and a key of it. */
export interface ChainFile {
  readonly chain: string;
  readonly directory: string;
  readonly key: TemporaryKey;
}

/** Where the key of a chain is kept. */
export const chainFile = (folder: string, chain: string): string => path.join(folder, `${chain}.json`);

/** Writes a key that can be exported into a file that is not there yet. */
export async function writeChainFile(file: string, { chain, directory, key }: ChainFile): Promise<void> {
  const { d } = await failAs('config-invalid', 'the key cannot be exported', () =>
    crypto.subtle.exportKey('jwk', key.privateKey),
  );
  createSecretFile(file, `${JSON.stringify({ version: 1, chain, directory, key: { ...key.jwk, d } })}\n`);
}

/** Reads such a file; `config-invalid` where there is none, it is damaged, or others can read it. */
export async function readChainFile(file: string): Promise<ChainFile> {
  const text = findSecretFile(file);
  if (text === undefined) throw new WhereaboutsError('config-invalid', `there is no ${file}`);
  return failAs('config-invalid', `${file} is damaged, or not of a form this version knows`, async () => {
    const { chain, directory, key } = form.parse(parseJson(text));
    const { d, ...jwk } = key;
    const privateKey = await crypto.subtle.importKey('jwk', { ...jwk, d }, 'Ed25519', true, ['sign']);
    return { chain, directory, key: { jwk, jkt: thumbprint(jwk), privateKey } };
  });
}

/** Ids of the chains a key is kept of. */
export function listChainFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => /^([\w-]{43})\.json$/.exec(name)?.[1] ?? []);
}
