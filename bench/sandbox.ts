// A sandbox in a process of its own, and a client of it as AliceChat's resolver is one: with pins and a quorum of witnesses.
import { createClient, type Client } from '../src/client/client.ts';
import { systemClock, systemRandom } from '../src/platform/node/clock.ts';
import { openSandboxOutside } from '../src/platform/node/outside.ts';
import { POLICY } from '../src/platform/node/sandbox/world.ts';
import { openGroup } from '../src/platform/sodium.ts';
import { makeHome, startSandbox } from '../test/support/program.ts';

export interface BenchSandbox {
  readonly pid: number;
  readonly port: number;
  readonly client: Client;
  close(): Promise<void>;
}

export async function openBenchSandbox(): Promise<BenchSandbox> {
  const home = makeHome();
  const sandbox = await startSandbox(home);
  const { pid, port } = sandbox;
  const { transport } = openSandboxOutside(port);
  const group = await openGroup(() => undefined);
  const world = { clock: systemClock, random: systemRandom, group: () => group };
  const client = createClient({ ...world, transport, sandbox: true, policy: POLICY });
  await client.start();
  const close = async () => {
    await sandbox.stop();
    home.remove();
  };
  return { pid, port, client, close };
}
