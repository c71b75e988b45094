// Plans in workerd: octet for octet those of Node, from inputs in another order.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestHarness } from 'wrangler';
import { drawPlans } from '../client/conversation-plans.ts';

let url: URL;
let close: () => Promise<unknown>;

beforeAll(async () => {
  const server = createTestHarness({
    workers: [{ configPath: fileURLToPath(new URL('./conversation/wrangler.toml', import.meta.url)) }],
  });
  ({ url } = await server.listen());
  close = () => server.close();
}, 90_000);
afterAll(async () => {
  await close();
});

test('the same plans as on Node', async () => {
  const plans = drawPlans((list) => [...list]);
  expect(new Set(plans).size).toBe(10);
  expect(await (await fetch(url)).json()).toEqual(plans);
}, 60_000);
