// The sandbox's witness and auditor in the same process: what they cosigned is kept like everything else of the sandbox, and
// they are reached over HTTP like everybody in it.
import type { Auditor } from '../../../client/auditor.ts';
import { createDescriptions } from '../../../client/descriptions.ts';
import { createVkey, KEY_TYPES } from '../../../protocol/log/vkey.ts';
import { formatOwnDescription, serveUnsigned } from '../../../server/own-description.ts';
import { witnessApp } from '../../../server/routes/witness.ts';
import { createWitnessMemory } from '../../../server/store/witness.ts';
import { followLogs } from '../../../server/witness/follow.ts';
import type { WitnessMemory } from '../../../server/witness/add-checkpoint.ts';
import { createKeyFinder } from '../../../server/witness/logs.ts';
import {
  originsOf,
  createAuditor,
  createAuditorMemory,
  describeCosigner,
  type CosigningRole,
} from '../../../server/witness-parts.ts';
import type { Running } from '../running.ts';
import type { Fetch } from '../serve.ts';
import { openAudit } from '../witnessing.ts';
import { baseOf, type SandboxParts } from './contexts.ts';
import { COSIGNERS, sandboxCosigner } from './cosigners.ts';
import { DIRECTORIES, DIRECTORY } from './world.ts';

const FOLLOW = 60_000;
const NAMES: Readonly<Record<CosigningRole, string>> = { witness: 'Sandbox witness', auditor: 'Sandbox auditor' };

/** Where each takes checkpoints, and its key. */
export const describeCosigners = (port: number): { url: string; key: string }[] =>
  (['witness', 'auditor'] as const).map((role) =>
    describeCosigner(baseOf(COSIGNERS[role], port), role, sandboxCosigner(role)),
  );

/** Apps by domain. */
export async function openCosigners(parts: SandboxParts, running: Running): Promise<[string, Fetch][]> {
  const { port, keys, databases, outside, world, folder } = parts;
  const { fetch } = outside;
  // Pinned: neither has to ask a directory who it is.
  const logs = DIRECTORIES.map((domain) => ({
    key: createVkey(`${domain}/whereabouts`, KEY_TYPES.ed25519, keys(domain).log),
  }));
  const descriptions = createDescriptions({ fetch, clock: world.clock, sandbox: true });
  const auditors = new Map<string, Auditor>();
  for (const origin of originsOf(logs)) {
    const store = await openAudit(folder, origin);
    running.onClose(() => store.close());
    const auditor = createAuditor({ logs, descriptions, fetch, clock: world.clock }, origin, store);
    running.onClose(() => auditor.close());
    auditors.set(origin, auditor);
  }
  running.every(FOLLOW, 'audit-failed', (signal) => followLogs(auditors, world.log, signal));
  const app = (role: CosigningRole, memory: WitnessMemory): [string, Fetch] => {
    const signer = sandboxCosigner(role);
    const [domain, name] = [COSIGNERS[role], NAMES[role]];
    const witness = describeCosigner(baseOf(domain, port), role, signer);
    const text = formatOwnDescription({ domain, name, jwks: { keys: [] }, witness, sandbox: true });
    const description = serveUnsigned(text);
    const findKeys = createKeyFinder(logs, descriptions);
    return [domain, witnessApp({ ...world, role, signer, findKeys, memory, description }).fetch];
  };
  return [
    app('witness', createWitnessMemory(databases[DIRECTORY].db, sandboxCosigner('witness').key.name)),
    app('auditor', createAuditorMemory(auditors)),
  ];
}
