// Bob in one directory, AliceChat's resolver in front of it on a real socket, and everything the resolver logged: what the tests
// of other people's look-ups share.
import { createSafeFetch, type Transport } from '../../../src/evidence/safe-fetch.ts';
import { listen } from '../../../src/platform/node/serve.ts';
import type { Quota } from '../../../src/server/context.ts';
import type { Lookups } from '../../../src/server/lookups/context.ts';
import { UNCOUNTED } from '../../../src/server/metrics.ts';
import { resolverApp } from '../../../src/server/routes/resolver.ts';
import { BOB, openFederation } from '../../client/federation.ts';
import { ALICECHAT, BOBCHAT, EVECHAT, random } from '../../client/log-world.ts';

export const BOB_MXID = '@bob:bob.example';
export const BOB_MAIL = 'bob@mail.example';
/** Is in dispute: Bob and Eve both have records under it. */
export const DISPUTED = '+44 20 7946 0777';
export const OPTED_OUT = '+44 20 7946 0789';
export const NOBODY = '+44 20 7946 0999';
export const HS_TOKEN = 'the-token-of-the-homeserver';
export const ROOMY: Quota = { capacity: 1_000, refill: 1_000, seconds: 60 };

/** `protocols`: what BobChat speaks. AliceChat speaks Matrix. */
export async function openLookups(
  options: { readonly protocols?: readonly string[]; readonly quota?: Quota; readonly homeserver?: Transport } = {},
) {
  const { protocols = ['bobchat', 'matrix'], quota = ROOMY, homeserver = () => Promise.reject(new Error()) } = options;
  const federation = await openFederation(['d0.example']);
  const [member] = federation.members;
  if (member === undefined) throw new Error('no directory');
  federation.described.set(ALICECHAT, { provider: { protocols: ['matrix'] } });
  federation.described.set(BOBCHAT, { name: 'BobChat', provider: { protocols } });
  await federation.register(member, BOBCHAT, BOB);
  await federation.register(member, BOBCHAT, BOB_MAIL);
  await federation.register(member, BOBCHAT, OPTED_OUT, true);
  await federation.register(member, BOBCHAT, DISPUTED);
  await federation.register(member, EVECHAT, DISPUTED);
  const trust = { tel: [BOBCHAT, EVECHAT], mailto: [BOBCHAT] };
  const client = federation.open({ directories: ['d0.example'], trust });

  const logged: string[] = [];
  const write = (event: string, fields: object = {}) => void logged.push(`${event} ${JSON.stringify(fields)}`);
  const log = { debug: write, info: write, warn: write, error: write };
  let ahead = 0;
  const all: Lookups = {
    clock: () => Date.now() + ahead,
    random,
    matrixIdentity: {
      fetch: createSafeFetch(homeserver, { sandbox: false }),
      homeservers: new Set([ALICECHAT, 'direct.example']),
      quota,
    },
    matrixAppservice: { token: HS_TOKEN },
    webfinger: { quota },
  };
  const appOf = (lookups?: Lookups) =>
    resolverApp({
      log,
      metrics: UNCOUNTED,
      client,
      token: 'a-token-of-the-operator',
      hosts: ['127.0.0.1', ALICECHAT],
      origins: [],
      ...(lookups === undefined ? {} : { lookups }),
    });
  const app = appOf(all);
  const socket = await listen({
    fetch: app.fetch,
    host: '127.0.0.1',
    port: 0,
    onFault: (error) => write(String(error)),
  });
  return {
    federation,
    member,
    client,
    app,
    all,
    appOf,
    log,
    logged,
    url: `http://127.0.0.1:${socket.port}`,
    advance: (milliseconds: number) => {
      ahead += milliseconds;
    },
    close: () => socket.close(),
  };
}
