// The sandbox's keys: one set a domain, in one file of mode 0600, made at the first start. Worth nothing outside the sandbox.
import path from 'node:path';
import { z } from 'zod';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import type { Group } from '../../../protocol/group.ts';
import type { Random } from '../../../protocol/oprf.ts';
import { generateKeys, openKeys, parseStored, storedKeys, type Keys } from '../../../server/keys.ts';
import { createSecretFile, findSecretFile } from '../secret-file.ts';
import { DOMAINS, type SandboxDomain } from './world.ts';

const storedSandbox = z.strictObject({ version: z.literal(1), domains: z.record(z.string(), storedKeys) });

export type SandboxKeys = (domain: SandboxDomain) => Keys;

/** Opens the sandbox's keys in `folder`, or makes them. */
export async function openSandboxKeys(folder: string, group: Group, random: Random): Promise<SandboxKeys> {
  const file = path.join(folder, 'keys.json');
  const text = findSecretFile(file) ?? (await createSandboxKeys(file, group, random));
  const { domains } = parseStored(storedSandbox, text, `the keys file ${file}`);
  const keys = new Map<string, Keys>();
  for (const domain of DOMAINS) {
    const stored = domains[domain];
    if (stored === undefined) throw new WhereaboutsError('config-invalid', `${file} lacks the keys of ${domain}`);
    keys.set(domain, await openKeys(group, stored));
  }
  return (domain) => {
    const found = keys.get(domain);
    if (found === undefined) throw new WhereaboutsError('config-invalid', `no keys of ${domain}`);
    return found;
  };
}

async function createSandboxKeys(file: string, group: Group, random: Random): Promise<string> {
  const pairs = await Promise.all(DOMAINS.map(async (domain) => [domain, await generateKeys(group, random)] as const));
  const text = `${JSON.stringify({ version: 1, domains: Object.fromEntries(pairs) }, null, 2)}\n`;
  createSecretFile(file, text);
  return text;
}
