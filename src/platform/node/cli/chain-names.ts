// `whereabouts chain add-name` and `remove-name`: which registration a chain names back (§9.4). Both need what was kept of the
// registration: nobody else can tell which one a proof means.
import type { Command } from 'commander';
import { nameProof } from '../../../protocol/chain/names.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { parseIdentifier } from '../../../protocol/identifier.ts';
import { parseB64u } from '../../../protocol/wire.ts';
import { registrationsFolder, type Setup } from './asking.ts';
import { append, change, openOwn, report } from './chain-append.ts';
import type { ChainOptions } from './chain-asking.ts';
import type { Terminal } from './program.ts';
import { openRegistrations, type Stored } from './registrations.ts';

interface NameOptions extends ChainOptions {
  readonly region?: string;
  readonly proof?: string;
}

export function addNameCommand(terminal: Terminal): Command {
  return change('add-name', 'tie the chain to your registration', 'add-name "+44 20 7946 0555"')
    .argument('<id>', 'phone number or e-mail address that you registered from here, with --claim <chain>')
    .option('--region <region>', 'region of a national phone number, such as GB')
    .action(async (input: string, options: NameOptions) => {
      const { found } = await append(terminal, options, async ({ directory, setup }) => {
        const [{ seal, registration }] = await findSealed(setup, parseIdentifier(input, options.region), directory);
        return { type: 'add-name', directory, proof: nameProof(seal, registration.holder) };
      });
      report(
        terminal,
        found,
        options,
        'Tied: whoever finds you by it may be shown this chain. To others it says nothing.',
      );
    });
}

export function removeNameCommand(terminal: Terminal): Command {
  return change('remove-name', 'untie the chain from your registration', 'remove-name "+44 20 7946 0555"')
    .argument('[id]', 'phone number or e-mail address: every tie of it that was made from here')
    .option('--proof <proof>', 'this one tie, as chain show lists it: where the registration is no longer at hand')
    .option('--region <region>', 'region of a national phone number, such as GB')
    .action(async (input: string | undefined, options: NameOptions) => {
      if ((input === undefined) === (options.proof === undefined))
        throw new WhereaboutsError('config-invalid', 'say which name: a phone number or e-mail address, or --proof');
      const { setup, client, chain, directory, key } = await openOwn(terminal, options);
      const proofs =
        input === undefined
          ? new Set([options.proof])
          : await proofsOf(setup, parseIdentifier(input, options.region), directory);
      let found = await client.findChain(directory, chain);
      const held = (found?.state.names ?? []).filter(({ proof }) => proofs.has(proof));
      // Each is a link of its own: if we die in between, the rest is still listed, and removed by the same command.
      for (const name of held) found = await client.appendLink(directory, chain, { type: 'remove-name', ...name }, key);
      if (found === undefined) throw new WhereaboutsError('chain-unknown');
      if (held.length === 0) throw new WhereaboutsError('record-unknown', 'the chain holds no such name');
      report(terminal, found, options, 'Untied: who finds you by it is shown this chain no more.');
    });
}

/** Also of former keys of the name: a registration made anew leaves a tie behind that says nothing any more. */
async function proofsOf(setup: Setup, id: string, directory: string): Promise<ReadonlySet<string | undefined>> {
  const all = await findSealed(setup, id, directory);
  return new Set(
    all.flatMap(({ seal, registration, former = [] }) =>
      [registration.holder, ...former].map((holder) => nameProof(seal, holder)),
    ),
  );
}

type Sealed = Stored & { readonly seal: Uint8Array };

/** Registrations made from here in the chain's directory, with the keys their names are sealed under; the newest first. */
export async function findSealed(setup: Setup, id: string, directory: string): Promise<[Sealed, ...Sealed[]]> {
  const stored = await openRegistrations(registrationsFolder(setup)).findAll(id, directory);
  const [first, ...more] = stored.flatMap((one) => {
    const { kept } = one.registration;
    return kept === undefined ? [] : [{ ...one, seal: parseB64u(kept.seal, 32) }];
  });
  if (first === undefined)
    throw new WhereaboutsError('record-unknown', 'no registration of it in the chain’s directory was made from here');
  return [first, ...more];
}
