// Registers the canned people through the SDK and over HTTP, as anybody would. Remembers until when, so that a restart registers nobody twice.
import path from 'node:path';
import { z } from 'zod';
import type { Client } from '../../../client/client.ts';
import { parseJson } from '../../../protocol/json.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { findSecretFile, replaceSecretFile } from '../secret-file.ts';
import { addressOf, DIRECTORY, PEOPLE, type Person } from './world.ts';

/** Who is registered until when (seconds): by account and place in the list, no identifier. */
const stored = z.strictObject({ version: z.literal(1), until: z.record(z.string(), z.number()) });

/** A registration is made anew this long before its number would no longer count as attested (§5.3). */
const MARGIN_SECONDS = 7 * 86_400;

/** Registers whoever is not registered, or not for much longer; returns how many that were. */
export async function registerPeople(options: {
  readonly client: Client;
  readonly folder: string;
  readonly clock: () => number;
}): Promise<number> {
  const file = path.join(options.folder, 'people.json');
  const text = findSecretFile(file);
  const until = text === undefined ? {} : { ...stored.parse(parseJson(text)).until };
  let count = 0;
  for (const person of PEOPLE)
    for (const [index, identifier] of person.identifiers.entries()) {
      const now = Math.floor(options.clock() / 1000);
      const who = `${person.account}/${index}`;
      if ((until[who] ?? 0) > now) continue;
      const { expires } = await options.client.register(choicesOf(person, identifier));
      until[who] = Math.min(expires, now + LIMITS.phoneAttestationSeconds) - MARGIN_SECONDS;
      count += 1;
      // Written after each: a start that is cut short goes on where it stopped.
      await replaceSecretFile(file, JSON.stringify({ version: 1, until }));
    }
  return count;
}

function choicesOf(person: Person, identifier: string) {
  const { account, routes, attestors = [], directory = DIRECTORY } = person;
  const authorization = `Bearer sandbox-${account}`;
  return {
    identifier,
    directory,
    auto: true,
    optOut: routes.length === 0,
    providers: routes.map(({ provider, ...tags }) => ({
      domain: provider,
      ...tags,
      address: addressOf(account, provider),
      authorization,
    })),
    attestors: attestors.map((domain) => ({ domain, authorization })),
  };
}
