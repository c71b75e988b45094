// Node's transport: the address that is checked is the address that is connected to (§8.1). URL rules: evidence/safe-fetch.ts.
import { lookup as lookupOfSystem, Resolver } from 'node:dns/promises';
import { isIP, isIPv6, type LookupFunction } from 'node:net';
import { Agent, errors, type Dispatcher } from 'undici';
import { WhereaboutsError } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Transport } from '../../evidence/safe-fetch.ts';
import { allowedAddresses } from './addresses.ts';

export interface NodeTransportOptions {
  /** CIDRs an operator allows beyond public unicast (`WHEREABOUTS_ALLOW_ADDRESSES`). */
  readonly allow?: readonly string[];
  /** A DNS server, `address:port`, asked instead of the system's resolver. */
  readonly dns?: string;
  /** Sandbox: plain http to `*.localhost` goes to this port of 127.0.0.1. Without it nothing goes out in clear. */
  readonly sandboxPort?: number;
}

const refused = (message: string) => new WhereaboutsError('url-refused', message);

/** Connections of one deployment: kept alive for a while, each to an address that was checked when it was opened. */
export function createNodeTransport(options: NodeTransportOptions = {}): Transport {
  const isAllowed = allowedAddresses(options.allow ?? []);
  const resolve = options.dns === undefined ? resolveBySystem : resolverAt(options.dns);
  const agent = new Agent({
    connect: { lookup: checkedLookup(resolve, isAllowed), timeout: LIMITS.fetchMilliseconds },
    keepAliveTimeout: 10_000,
    maxHeaderSize: LIMITS.fetchHeaderOctets,
  });
  const loopback = new Agent({ keepAliveTimeout: 1_000 });
  return async ({ url, method, headers, body, signal }) => {
    const sandboxed = isSandboxed(url, options.sandboxPort);
    const response = await exchange(sandboxed ? loopback : agent, {
      origin: sandboxed ? `http://127.0.0.1:${options.sandboxPort}` : url.origin,
      path: url.pathname + url.search,
      method,
      headers: { ...headers, host: url.host, 'accept-encoding': 'identity' },
      body: body ?? null,
      signal,
    });
    // undici reports a body let go of as an error; who still reads it hears of errors all the same.
    response.body.on('error', () => undefined);
    // Nothing is unpacked here, so that no small reply grows large.
    const coding = response.headers['content-encoding'] ?? 'identity';
    if (coding !== 'identity') {
      response.body.destroy();
      throw refused('a content coding that was not asked for');
    }
    return toResponse(response);
  };
}

/** One request; what undici itself finds too large is refused like everything that is. */
async function exchange(agent: Agent, request: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
  try {
    return await agent.request(request);
  } catch (error) {
    if (error instanceof errors.HeadersOverflowError) throw refused('headers that are too large');
    throw error;
  }
}

/** The sandbox table: `*.localhost` in clear to one port; every other plain or local URL is refused here once more. */
function isSandboxed(url: URL, port: number | undefined): boolean {
  if (url.protocol === 'http:' && port !== undefined && /^[^.]+(\.[^.]+)*\.localhost$/.test(url.hostname)) {
    if (url.port !== '' && url.port !== String(port)) throw refused('another port than the sandbox has');
    return true;
  }
  if (url.protocol !== 'https:') throw refused('not https');
  // net.connect asks no lookup for these.
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) throw refused('an IP address for a name');
  if (/(^|\.)localhost\.?$/.test(url.hostname)) throw refused('a name of this machine');
  return false;
}

function checkedLookup(
  resolve: (name: string) => Promise<string[]>,
  isAllowed: (address: string) => boolean,
): LookupFunction {
  const find = async (name: string) => {
    const addresses = await resolve(name);
    if (addresses.length === 0) throw new WhereaboutsError('peer-unreachable');
    // Every one, not the one we would take: a mixed answer is an attack, or a network we must stay out of.
    if (!addresses.every(isAllowed)) throw refused('an address that is not public');
    return addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  };
  return (name, { all }, callback) => {
    find(name).then(
      (addresses) => {
        if (all === true) callback(null, addresses);
        else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error('lookup', { cause: error }), []),
    );
  };
}

async function resolveBySystem(name: string): Promise<string[]> {
  return (await lookupOfSystem(name, { all: true })).map(({ address }) => address);
}

function resolverAt(server: string): (name: string) => Promise<string[]> {
  const resolver = new Resolver({ timeout: 1_500, tries: 2 });
  try {
    resolver.setServers([server]);
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', 'the DNS server is not an address and port', { cause });
  }
  return async (name) => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  };
}

function toResponse({ statusCode, headers, body }: Dispatcher.ResponseData): Response {
  const out = new Headers();
  for (const [name, value] of Object.entries(headers)) for (const one of [value ?? []].flat()) out.append(name, one);
  const empty = statusCode === 204 || statusCode === 205 || statusCode === 304;
  if (empty) body.resume();
  // Not Readable.toWeb: in Node 24.21 it throws past everybody when a body is cancelled while octets still come in.
  return new Response(empty ? null : ReadableStream.from(body), { status: statusCode, headers: out });
}
