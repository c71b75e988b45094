// The API reference in real Chromium: every role's operations, under the page's own policy, for every screen.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { audit, openSite, PHONE, started, WIDE, type Site } from './browser.ts';

let site: Site;
const name = 'browser' in started ? 'the API reference' : `skipped: no Chromium can be started (${started.reason})`;

interface Paths {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
}

describe.skipIf(!('browser' in started))(name, () => {
  beforeAll(async () => {
    site = await openSite();
  }, 120_000);
  afterEach(() => site?.leave());
  afterAll(() => site?.stop());

  const open = async (...given: Parameters<Site['visit']>) => {
    const page = await site.visit(...given);
    await page.locator('details.operation').first().waitFor();
    return page;
  };

  test('shows every operation of every role, and asks nobody else', async () => {
    const page = await open({}, 'reference');
    const asked = new Set<string>();
    page.on('request', (request) => asked.add(new URL(request.url()).hostname));
    const roles = await page.locator('nav a').allInnerTexts();
    expect(roles).toEqual(['Directory', 'Issuer', 'Resolver', 'Witness', 'Auditor']);
    for (const role of roles) {
      await page.getByRole('link', { name: role, exact: true }).click();
      await page.getByRole('heading', { level: 1, name: `Whereabouts ${role.toLowerCase()}` }).waitFor();
      const source = (await page.getByRole('link', { name: 'openapi.json' }).getAttribute('href')) ?? '';
      const { paths } = await page.evaluate(async (url) => (await (await fetch(url)).json()) as Paths, source);
      const ids = Object.values(paths).flatMap((methods) =>
        Object.values(methods).map(({ operationId }) => operationId),
      );
      expect(ids.length).toBeGreaterThan(3);
      expect(await page.locator('details.operation').evaluateAll((all) => all.map(({ id }) => id))).toEqual(ids);
    }
    expect([...asked].filter((host) => !/(?:^|\.)localhost$/.test(host))).toEqual([]);
  });

  test('one operation has its parameters, limits, codes and examples, and an address', async () => {
    const page = await open({}, 'reference#directory/evaluate');
    const operation = page.locator('#evaluate');
    const text = await operation.innerText();
    expect(await operation.getAttribute('open')).not.toBeNull();
    for (const part of [
      'POST',
      '/v1/evaluate',
      'blinded',
      'at most 256 items',
      'quota-exceeded',
      '429',
      '"blinded": [',
    ])
      expect(text, part).toContain(part);
    await page.getByLabel('Find an operation').fill('bucket history');
    expect(await page.locator('main [role=status]').innerText()).toMatch(/^1 of \d+ operations$/);
    await page.locator('details.operation:not([hidden]) summary').press('Enter');
    expect(await page.evaluate('location.hash')).toMatch(/^#directory\/\w+$/);
  });

  test.each([
    ['phone, light', PHONE, 'light'],
    ['phone, dark', PHONE, 'dark'],
    ['wide, light', WIDE, 'light'],
    ['wide, dark', WIDE, 'dark'],
  ] as const)('%s: axe finds nothing, and nothing is wider than the screen', async (_, viewport, colorScheme) => {
    const page = await open({ viewport, colorScheme }, 'reference#directory/deposit');
    await page.locator('#evaluate summary').click();
    expect(await audit(page)).toEqual([]);
    const over = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(over).toBeLessThanOrEqual(0);
  });

  test('the page leads to it', async () => {
    const page = await site.visit();
    await page.getByRole('link', { name: 'API reference' }).click();
    await page.locator('details.operation').first().waitFor();
  });
});
