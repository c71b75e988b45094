// What a directory keeps its log with (§6.3): signing key, witnesses, pace. For production and sandbox alike; which witnesses
// there are, and where the checkpoint's copy lies, is the caller's.
import type { SafeFetch } from '../evidence/safe-fetch.ts';
import { LIMITS } from '../protocol/limits.ts';
import { createVkey, KEY_TYPES, parseVkey } from '../protocol/log/vkey.ts';
import { parseUtf8 } from '../protocol/wire.ts';
import type { Context, DirectoryContext, ShownCheckpoint } from './context.ts';
import { createMemory, Flight, type Memory } from './directory/sequencer/flight.ts';
import { createWitnesses, type WitnessPeer } from './directory/sequencer/witnesses.ts';
import type { Keys } from './keys.ts';

export interface LogOptions {
  readonly domain: string;
  readonly keys: Keys;
  readonly world: Context;
  /** Milliseconds. */
  readonly interval: number;
  readonly heartbeat: number;
  readonly peers: readonly WitnessPeer[];
  readonly shown?: ShownCheckpoint | undefined;
  /** What is known from before; a process that lives on needs none. */
  readonly memory?: Memory | undefined;
}

/** The SDK gives a deposit ten seconds, a server twenty. */
const PATIENCE_MILLISECONDS = 8_000;

export function logParts(
  options: LogOptions,
): Pick<DirectoryContext, 'logSigner' | 'witnesses' | 'sequencing' | 'flight'> {
  const { domain, keys, world, interval, heartbeat, peers, shown, memory = createMemory() } = options;
  return {
    logSigner: { key: createVkey(`${domain}/whereabouts`, KEY_TYPES.ed25519, keys.log), privateKey: keys.logKey },
    witnesses: createWitnesses(peers, world.clock, memory.witnessed),
    sequencing: {
      interval,
      heartbeat,
      patience: PATIENCE_MILLISECONDS,
      depth: { target: LIMITS.bucketTarget, least: LIMITS.minDepth },
      ...(shown === undefined ? {} : { shown }),
    },
    flight: new Flight(world.random, memory),
  };
}

const WITNESS_OCTETS = 16_384;

/** A witness over HTTP (c2sp.org/tlog-witness). */
export const witnessPeer = (ask: SafeFetch, vkey: string, url: string): WitnessPeer => ({
  key: parseVkey(vkey),
  send: async (body) => {
    const reply = await ask(`${url}/add-checkpoint`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      accept: ['text/plain', 'text/x.tlog.size', 'application/octet-stream'],
      maxOctets: WITNESS_OCTETS,
      timeoutMs: 1_000,
      describedPort: true,
    });
    return { status: reply.status, body: parseUtf8(reply.body) };
  },
});
