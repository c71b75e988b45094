// Change notices (§7): who holds an answer is told when it changes, for better or worse, soon after the epoch that changed it, and
// over HTTP as a stream of events. A directory is looked at once for everybody, and asked again only about those it changed.
import { afterEach, describe, expect, test } from 'vitest';
import type { WatchEvent } from '../../src/client/watch.ts';
import { UNCOUNTED } from '../../src/server/metrics.ts';
import { resolverApp } from '../../src/server/routes/resolver.ts';
import { listen, type Listening } from '../../src/platform/node/serve.ts';
import { BOB, openFederation, type Federation, type Member } from './federation.ts';
import { BOBCHAT, EVECHAT } from './log-world.ts';

const TRUST = { tel: [BOBCHAT, EVECHAT], mailto: [] };
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const open: { stop(): void | Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop();
});

async function arrange(): Promise<{ federation: Federation; only: Member }> {
  const federation = await openFederation(['d0.example']);
  const [only] = federation.members;
  if (only === undefined) throw new Error('no directory');
  return { federation, only };
}

/** The next event of one kind. */
async function next(events: AsyncGenerator<WatchEvent, void, undefined>): Promise<WatchEvent> {
  const { done, value } = await events.next();
  if (done === true) throw new Error('no more events');
  return value;
}

const codesOf = (event: WatchEvent): unknown =>
  event.kind === 'change' ? [event.direction, event.changes.map(({ code }) => code)] : event.kind;

describe('watching', () => {
  test('found, another route, gone again; and nothing else is told', async () => {
    const { federation, only } = await arrange();
    const client = federation.open({ directories: [only.domain], trust: TRUST });
    const events = client.watch(BOB);
    expect(await next(events)).toMatchObject({ kind: 'answer', answer: { outcome: 'absent' } });
    await federation.register(only, BOBCHAT, BOB);
    expect(codesOf(await next(events))).toEqual(['better', ['found']]);
    const asked = () => federation.sent.filter(({ path }) => path === '/v1/evaluate').length;
    const before = asked();
    // Somebody else's record in between is nobody's business here, and a heartbeat is no change.
    await federation.register(only, BOBCHAT, '+44 20 7946 0777');
    const own = asked() - before;
    await only.served.publish();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(asked()).toBe(before + own);
    await federation.register(only, EVECHAT, BOB);
    // Two keys under one name: they are at odds (§5.3).
    expect(codesOf(await next(events))).toEqual(['worse', ['contested', 'route-added']]);
    await only.served.publish({ remove: [...only.served.records.values()].map(({ entry }) => entry) });
    expect(codesOf(await next(events))).toEqual(['worse', ['gone', 'uncontested']]);
    await events.return();
  });

  test('a directory that hangs for a while changes nothing, and what changed meanwhile is told', async () => {
    const { federation, only } = await arrange();
    await federation.register(only, BOBCHAT, BOB);
    const client = federation.open({ directories: [only.domain], trust: TRUST });
    const events = client.watch(BOB);
    expect(await next(events)).toMatchObject({ kind: 'answer', answer: { outcome: 'found' } });
    only.temper = 'down';
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    only.temper = 'honest';
    for (let epoch = 0; epoch < 70; epoch++) await only.served.publish();
    await federation.register(only, BOBCHAT, BOB, true);
    expect(codesOf(await next(events))).toEqual(['worse', ['opted-out', 'contested']]);
    await events.return();
  });

  test('a change of what is known of a network is told when it is fetched', async () => {
    const { federation, only } = await arrange();
    const bridge = {
      id: 'bob.example/alice',
      from: ['alice.example'],
      protocol: 'alicechat',
      endpoint: 'https://bob.example/bridge',
      placement: 'server' as const,
      encryption: 'native' as const,
      networks: ['bob.example', 'alice.example'],
      operator: BOBCHAT,
      for: ['direct'],
    };
    federation.described.set(BOBCHAT, { provider: { protocols: ['bobchat'], bridges: [bridge] } });
    await federation.register(only, BOBCHAT, BOB);
    const client = federation.open({ directories: [only.domain], trust: TRUST });
    const events = client.watch(BOB);
    expect(await next(events)).toMatchObject({ answer: { routes: [{ encryption: { level: 'end-to-end' } }] } });
    federation.described.set(BOBCHAT, {
      provider: {
        protocols: ['bobchat'],
        bridges: [{ ...bridge, encryption: 're-encrypted' as const, operator: 'bot.example' }],
      },
    });
    // Descriptions are fetched on a schedule, at most every five minutes: time goes on for this client alone.
    federation.advance(301);
    await client.refresh();
    const event = await next(events);
    expect(codesOf(event)).toEqual(['worse', ['encryption-worse', 'reader-joined', 'bridge-changed']]);
    expect(event).toMatchObject({ changes: [{}, { provider: BOBCHAT, readers: [BOBCHAT, 'bot.example'] }, {}] });
    await events.return();
  });
});

describe('a thousand watchers of one resolver', () => {
  test('all hear of a change; one look and one question serve them', async () => {
    const { federation, only } = await arrange();
    await federation.register(only, BOBCHAT, BOB);
    const client = federation.open({ directories: [only.domain], trust: TRUST });
    const app = resolverApp({
      log: silent,
      metrics: UNCOUNTED,
      client,
      token: 'secret',
      hosts: ['127.0.0.1'],
      origins: [],
    });
    const server: Listening = await listen({ fetch: app.fetch, host: '127.0.0.1', port: 0, onFault: () => undefined });
    const ended = new AbortController();
    open.push({ stop: () => ended.abort() }, { stop: () => server.close() });
    const first: Promise<void>[] = [];
    const changed: Promise<{ at: number; text: string }>[] = [];
    for (let i = 0; i < 1_000; i++) {
      const response = await fetch(`http://127.0.0.1:${server.port}/v1/where/watch`, {
        method: 'POST',
        headers: { authorization: 'Bearer secret', 'content-type': 'application/json' },
        body: JSON.stringify({ id: BOB }),
        signal: ended.signal,
      });
      expect(response.headers.get('content-type')).toBe('text/event-stream');
      const events = readEvents(response);
      first.push(events.next().then(({ value }) => expect(value).toMatch(/^event: answer\ndata: \{"id":"tel:/)));
      changed.push(events.next().then(({ value }) => ({ at: performance.now(), text: String(value) })));
    }
    await Promise.all(first);
    const evaluations = () => federation.sent.filter(({ path }) => path === '/v1/evaluate').length;
    const before = evaluations();
    await federation.register(only, BOBCHAT, BOB, true);
    const receipt = performance.now();
    const told = await Promise.all(changed);
    for (const { text } of told)
      expect(text).toMatch(/^event: change\ndata: \{"direction":"worse","changes":\[\{"code":"opted-out"/);
    // One evaluation is the registering person's own.
    expect(evaluations()).toBe(before + 2);
    console.log(
      `1,000 watchers were told ${Math.round(Math.max(...told.map(({ at }) => at)) - receipt)} ms after the receipt`,
    );
  }, 60_000);

  test('what cannot be watched is refused before anything is sent; who goes away is forgotten', async () => {
    const { federation, only } = await arrange();
    const client = federation.open({ directories: [only.domain], trust: TRUST });
    const app = resolverApp({ log: silent, metrics: UNCOUNTED, client, hosts: ['r.example'], origins: [] });
    const ask = (body: object) =>
      app.request('http://r.example/v1/where/watch', {
        method: 'POST',
        headers: { host: 'r.example', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    for (const [body, code] of [
      [{ id: 'nobody at all' }, 'identifier-invalid'],
      [{ ids: [BOB] }, 'request-invalid'],
      [{ id: BOB, more: 1 }, 'request-invalid'],
    ] as const) {
      const refused = await ask(body);
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({ code });
    }
    const response = await ask({ id: BOB });
    const events = readEvents(response);
    expect((await events.next()).value).toContain('"outcome":"absent"');
    await events.return(undefined);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const looks = () => federation.sent.filter(({ path }) => path === '/v1/epoch').length;
    const before = looks();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(looks()).toBe(before);
  });
});

/** Events of a stream as text, comments left out. */
async function* readEvents(response: Response): AsyncGenerator<string, void, undefined> {
  if (response.body === null) return;
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + chunk).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) if (!event.startsWith(':')) yield event;
  }
}
