// A directory's replies on record: made once by an honest one with some history, then given to any number of clients, each
// octet as it came unless a test changes it.
import { createDescriptions } from '../../src/client/descriptions.ts';
import { createMemoryCheckpoints } from '../../src/client/checkpoints.ts';
import { Directory } from '../../src/client/directory.ts';
import { withdraw } from '../../src/client/withdraw.ts';
import { createSafeFetch, type SafeFetch, type Transport } from '../../src/evidence/safe-fetch.ts';
import { parseB64u } from '../../src/protocol/wire.ts';
import { BOBCHAT, DIRECTORY, EVECHAT, openLogWorld } from './log-world.ts';

export async function openRecord() {
  const world = await openLogWorld();
  const { honest } = world;
  const bob = await world.open();
  /** By method and path. */
  const replies = new Map<string, Uint8Array>();
  const record = async (key: string, reply: Response): Promise<void> => {
    replies.set(key, new Uint8Array(await reply.clone().arrayBuffer()));
  };
  bob.spoil = async ({ pathname }, reply) => {
    if (pathname.endsWith('/withdrawal')) await record(`POST ${pathname}`, reply);
    else if (pathname.startsWith('/v1/records/')) await record(`PUT ${pathname}`, reply);
    return reply;
  };
  // Epochs: a heartbeat, a record, a record, deeper, a record under the same name, its end.
  await world.register(bob, EVECHAT, { identifier: '+44 20 7946 0111' });
  const early = honest.note;
  const mine = await world.register(bob, BOBCHAT);
  world.advance(1);
  await honest.publish({ depth: 5 });
  const other = await world.register(bob, EVECHAT);
  await withdraw(bob.context, other);

  let changed: { readonly key: string; readonly octets: Uint8Array } | undefined;
  const transport: Transport = async ({ url, method, body }) => {
    const reply = await honest.answer(method, url, typeof body === 'string' ? body : '');
    if (reply.ok) await record(`${method} ${url.pathname}${url.search}`, reply);
    return reply;
  };
  const fresh = createSafeFetch(transport, { sandbox: false });
  // What is on record crosses no HTTP: that would take longer than verifying it.
  const fetch: SafeFetch = async (address, options = {}) => {
    const url = new URL(address);
    const key = `${options.method ?? 'GET'} ${url.pathname}${url.search}`;
    const body = changed?.key === key ? changed.octets : replies.get(key);
    return body === undefined ? fresh(address, options) : { status: 200, headers: new Headers(), body, url };
  };
  const descriptions = createDescriptions({ fetch, clock: world.clock, sandbox: false });
  await descriptions.fetch(DIRECTORY);
  // Two witnesses are known, one is asked for.
  const pin = { log: world.signer.key, witnesses: world.witnesses.map(({ key }) => ({ key })), quorum: 1 };

  return {
    world,
    honest,
    mine,
    other,
    name: parseB64u(mine.name, 32),
    fetch,
    pin,
    /** A note of when the log was younger. */
    early,
    replies,
    until: () => world.clock() + 60_000,
    /** A client that has seen nothing, or one note. */
    open: async (seen?: string): Promise<Directory> => {
      const checkpoints = createMemoryCheckpoints();
      if (seen !== undefined) await checkpoints.save(honest.origin, seen, undefined);
      return new Directory({ fetch, clock: world.clock, descriptions, checkpoints, pin }, DIRECTORY);
    },
    change: (key: string, octets: Uint8Array): void => void (changed = { key, octets }),
    restore: (): void => void (changed = undefined),
  };
}

export type Recorded = Awaited<ReturnType<typeof openRecord>>;
