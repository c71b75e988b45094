// Third-party look-ups as a homeserver asks them of an application service.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALICECHAT, BOBCHAT } from '../../client/log-world.ts';
import { BOB_MXID, DISPUTED, HS_TOKEN, NOBODY, openLookups } from './lookup-world.ts';

let world: Awaited<ReturnType<typeof openLookups>>;
beforeAll(async () => {
  world = await openLookups();
});
afterAll(() => world.close());

async function ask(path: string, { authorization = `Bearer ${HS_TOKEN}`, app = world.app } = {}) {
  const response = await app.request(`http://${ALICECHAT}/_matrix/app/v1/thirdparty${path}`, {
    headers: { host: ALICECHAT, ...(authorization === '' ? {} : { authorization }) },
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) as unknown };
}
const user = (identifier: string) => ask(`/user/whereabouts?identifier=${encodeURIComponent(identifier)}`);

test('the protocol says what is asked of it', async () => {
  const { status, body } = await ask('/protocol/whereabouts');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    user_fields: ['identifier'],
    location_fields: [],
    field_types: { identifier: { regexp: expect.any(String) as string, placeholder: expect.any(String) as string } },
    instances: [{ network_id: 'whereabouts', fields: {} }],
  });
});

test.each(['+44 20 7946 0123', 'tel:+442079460123', 'Bob@mail.example'])('Bob is found by %s', async (identifier) => {
  const { status, body } = await user(identifier);
  expect(status).toBe(200);
  expect(body).toEqual([
    {
      userid: BOB_MXID,
      protocol: 'whereabouts',
      fields: {
        identifier: identifier.includes('@') ? 'mailto:bob@mail.example' : 'tel:+442079460123',
        provider: BOBCHAT,
        assurance: 'attested',
        encryption: expect.any(String) as string,
      },
    },
  ]);
});

test('nobody is found where nobody is certain, in rooms, or backwards', async () => {
  const paths = [
    ...[NOBODY, DISPUTED].map((number) => `/user/whereabouts?identifier=${encodeURIComponent(number)}`),
    '/user/gitter?identifier=x',
    '/protocol/gitter',
    '/location/whereabouts?identifier=x',
    `/user?userid=${encodeURIComponent(BOB_MXID)}`,
    '/location?alias=%23bob:bob.example',
  ];
  for (const path of paths)
    expect(await ask(path)).toMatchObject({ status: 404, body: { errcode: 'M_NOT_FOUND', error: 'nobody was found' } });
});

test.each<[string, string, string | undefined, number, string]>([
  ['no token', '/protocol/whereabouts', '', 401, 'M_UNAUTHORIZED'],
  ['another token', '/user/whereabouts?identifier=%2B442079460123', `Bearer ${HS_TOKEN}x`, 403, 'M_FORBIDDEN'],
  ['the resolver’s own', '/protocol/whereabouts', 'Bearer a-token-of-the-operator', 403, 'M_FORBIDDEN'],
  ['a token in the URL', `/protocol/whereabouts?access_token=${HS_TOKEN}`, '', 401, 'M_UNAUTHORIZED'],
  ['no field', '/user/whereabouts?number=%2B442079460123', undefined, 400, 'M_MISSING_PARAM'],
  ['no identifier', '/user/whereabouts?identifier=442079460123442079460123', undefined, 400, 'M_INVALID_PARAM'],
  ['another path', '/users/442079460123', undefined, 404, 'M_UNRECOGNIZED'],
])('%s is refused without an echo', async (_, path, authorization, status, errcode) => {
  const reply = await ask(path, authorization === undefined ? {} : { authorization });
  expect(reply).toMatchObject({ status, body: { errcode } });
  expect(reply.text).not.toMatch(/442079|homeserver/);
});

test('not known is no "no", and nothing of it is logged', async () => {
  world.logged.length = 0;
  world.member.temper = 'down';
  const reply = await user('+44 20 7946 0123');
  world.member.temper = 'honest';
  expect(reply).toMatchObject({ status: 503, body: { errcode: 'M_UNKNOWN' } });
  expect((await user('+44 20 7946 0123 0123 0123')).status).toBe(400);
  expect(world.logged.length).toBeGreaterThan(0);
  expect(world.logged.join('\n')).not.toMatch(/7946|442079|homeserver/);
});

test('it is off unless it is switched on', async () => {
  const { matrixAppservice: _, ...others } = world.all;
  for (const app of [world.appOf(), world.appOf(others)])
    expect(await ask('/protocol/whereabouts', { app })).toMatchObject({
      status: 404,
      body: { errcode: 'M_UNRECOGNIZED' },
    });
});
