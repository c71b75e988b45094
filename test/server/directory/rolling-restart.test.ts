// Two directory processes on one database behind a load balancer that asks for their readiness, each restarted in turn under load:
// no request fails, nothing answered is lost, and the log has one history. WHEREABOUTS_TEST_LONG=1 restarts each ten times.
import { randomBytes } from 'node:crypto';
import {
  createServer,
  request as httpRequest,
  Agent,
  type IncomingMessage,
  type Server as HttpServer,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test, vi } from 'vitest';
import { openPostgres } from '../../../src/platform/node/postgres.ts';
import { nobleGroup } from '../../../src/protocol/group-noble.ts';
import { blind } from '../../../src/protocol/oprf.ts';
import { formatB64u, utf8 } from '../../../src/protocol/wire.ts';
import { checkDirectory } from '../../support/check-directory.ts';
import { createPostgresDatabase } from '../../support/database.ts';
import { clientToken, createDepositor, createParty, DOMAIN, makeDeposit } from '../../support/directory.ts';
import { makeHome, type Server } from '../../support/program.ts';
import { findKey, prepareDirectory, seconds, serveDirectory } from '../../support/served-directory.ts';
import { sleep } from '../../../src/server/directory/sequencer/waiting.ts';
import { IS_LONG } from '../../support/long.ts';

const RESTARTS = IS_LONG ? 10 : 2;
const PROBE_MILLISECONDS = 100;
const DEPTH = 4;

vi.setConfig({ testTimeout: 600_000 });
const home = makeHome();
const party = await createParty('issuer.example');
const open: (() => unknown)[] = [() => home.remove()];
afterAll(async () => {
  for (const close of open.toReversed()) await close();
});

/** Sends each request to the next instance that says it is ready, over kept connections, and never a second time. */
class Balancer {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #ready = new Map<number, boolean>();
  #turn = 0;
  #server: HttpServer | undefined;

  async listen(): Promise<string> {
    this.#server = createServer((incoming, outgoing) => {
      const ports = [...this.#ready].flatMap(([port, isReady]) => (isReady ? [port] : []));
      const port = ports[this.#turn++ % ports.length];
      if (port === undefined) {
        outgoing.writeHead(599).end('no instance is ready');
        return;
      }
      const { method, url, headers } = incoming;
      const onward = httpRequest({ port, method, path: url, headers, agent: this.#agent, host: '127.0.0.1' });
      onward.on('response', (reply: IncomingMessage) => {
        const { connection: _, ...own } = reply.headers;
        outgoing.writeHead(reply.statusCode ?? 0, own);
        reply.pipe(outgoing);
      });
      onward.on('error', (error) => void outgoing.writeHead(599).end(`${error.message} ${port}`));
      incoming.pipe(onward);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => this.#server?.once('listening', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async probe(port: number): Promise<void> {
    const url = `http://127.0.0.1:${port}/readyz`;
    const isReady = await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    this.#ready.set(port, isReady);
  }

  forget(port: number): void {
    this.#ready.delete(port);
  }

  isReady(port: number): boolean {
    return this.#ready.get(port) === true;
  }

  ports(): number[] {
    return [...this.#ready.keys()];
  }

  close(): void {
    this.#agent.destroy();
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

test(`each of two instances restarted ${RESTARTS} times: no request fails`, async () => {
  const place = await createPostgresDatabase();
  const database = await openPostgres(place.url);
  open.push(() => place.drop());
  const env = { ...(await prepareDirectory(home, place.url, [party])), WHEREABOUTS_DRAIN_SECONDS: '1' };
  const balancer = new Balancer();
  const start = async (): Promise<{ server: Server; port: number }> => {
    const { server, port } = await serveDirectory(env);
    await balancer.probe(port);
    while (!balancer.isReady(port)) await sleep(20).then(() => balancer.probe(port));
    return { server, port };
  };
  const url = await balancer.listen();
  open.push(() => balancer.close());
  const instances = [await start(), await start()];
  const load = { isOver: false };
  const probing = (async () => {
    for (; !load.isOver; await sleep(PROBE_MILLISECONDS))
      await Promise.all(balancer.ports().map((port) => balancer.probe(port)));
  })();

  const answered: Record<string, number> = {};
  const failed: string[] = [];
  const digests: string[] = [];
  const ask = async (what: string, at: string, init?: RequestInit): Promise<Response | undefined> => {
    const response = await fetch(`${url}${at}`, init).catch((error: unknown) => {
      failed.push(`${what}: ${String(error)}`);
    });
    if (response === undefined) return undefined;
    if (response.ok) answered[what] = (answered[what] ?? 0) + 1;
    else failed.push(`${what}: ${response.status} ${await response.clone().text()}`);
    return response;
  };
  const json = (method: string, value: unknown, authorization = ''): RequestInit => ({
    method,
    headers: { 'content-type': 'application/json', ...(authorization !== '' && { authorization }) },
    body: JSON.stringify(value),
  });
  const key = await findKey(url);
  const random = (octets: number): Uint8Array => new Uint8Array(randomBytes(octets));
  const blinded = blind(
    nobleGroup,
    Array.from({ length: 8 }, (_, i) => utf8(`tel:+44207946000${i}`)),
    random,
  ).blinded;
  const loads = [
    async () => (await ask('read', `/v1/buckets/${DEPTH}/${Math.floor(Math.random() * 2 ** DEPTH)}`))?.arrayBuffer(),
    async () => {
      const token = await clientToken(party, { aud: DOMAIN, iat: seconds(), exp: seconds() + 60 });
      const asked = { key, blinded: blinded.map(formatB64u) };
      await (await ask('evaluate', '/v1/evaluate', json('POST', asked, `Bearer ${token}`)))?.arrayBuffer();
    },
    async () => {
      const now = seconds();
      const times = { issuedAt: now, endsAt: now + 86_400, iat: now, exp: now + 86_400 };
      const made = await makeDeposit(await createDepositor(random(32)), [party], times);
      const response = await ask('deposit', made.path, json('PUT', made.body));
      await response?.arrayBuffer();
      if (response?.ok === true) digests.push(made.digest);
    },
  ];
  const working = loads.flatMap((work) =>
    [0, 1].map(async () => {
      for (; !load.isOver; await sleep(20)) await work();
    }),
  );
  for (let restart = 0; restart < RESTARTS; restart++)
    for (const at of [0, 1]) {
      const old = instances[at];
      if (old === undefined) throw new Error('no instance');
      expect(await old.server.stop('SIGTERM')).toBe(0);
      balancer.forget(old.port);
      instances[at] = await start();
      await sleep(500);
    }
  load.isOver = true;
  await Promise.all([...working, probing]);
  for (const { server } of instances) expect(await server.stop()).toBe(0);

  console.log(`answered while instances came and went: ${JSON.stringify(answered)}`);
  expect(failed).toEqual([]);
  for (const what of ['read', 'evaluate', 'deposit']) expect(answered[what]).toBeGreaterThan(RESTARTS * 4);
  await checkDirectory(database.db, seconds());
  const rows: unknown = await database.db.execute("select encode(digest, 'hex') as digest from entries");
  const there = new Set((rows as { digest: string }[]).map(({ digest }) => digest));
  expect(digests.filter((digest) => !there.has(digest))).toEqual([]);
  await database.close();
});
