// A public identity on the page: begun, shown, checked, refused; and what is asked for it goes to the directory only.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { active, audit, PHONE, walkTo, WIDE, type Site } from './browser.ts';

/** Where pictures go for who wants to look at them. */
const SHOTS = process.env['WHEREABOUTS_TEST_SHOTS'];
let shots = 0;
const BEGIN = 'Begin one to look at (sandbox)';
const field = (page: Page) => page.getByLabel('Account, or id of a chain');

/** What axe has against what is shown now, in each look; and whatever is wider than the screen. */
async function auditLooks(page: Page): Promise<string[]> {
  const wrong: string[] = [];
  for (const [width, viewport] of Object.entries({ phone: PHONE, wide: WIDE }))
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      const look = `${width}, ${colorScheme}`;
      wrong.push(...(await audit(page)).map((text) => `${look}: ${text}`));
      const over = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      if (Number(await page.evaluate(over)) > 0) wrong.push(`${look}: wider than the screen`);
      if (SHOTS !== undefined) await page.screenshot({ path: `${SHOTS}/${(shots += 1)} ${look}.png`, fullPage: true });
    }
  return wrong;
}

export function testChain(siteOf: () => Site): void {
  test('by keyboard alone, an identity with its keys and accounts, in every look', async () => {
    const page = await siteOf().visit({}, '#chain');
    const hosts = new Set<string>();
    page.context().on('request', (request) => hosts.add(new URL(request.url()).hostname));
    await walkTo(page, BEGIN);
    await page.keyboard.press('Enter');
    await page.getByText('It holds: checked in this browser').first().waitFor();
    expect(await page.locator('.chain .note').innerText()).toContain('every link (2)');
    expect(await page.locator('.chain tbody tr').innerText()).toMatch(/^dns:me\.localhost\s+(not checked yet|not )/);
    expect(await page.locator('.keys li').count()).toBe(1);
    expect(await auditLooks(page)).toEqual([]);
    // Found again by whoever has its id, as it is or in a did:web.
    const id = await field(page).inputValue();
    const other = await siteOf().visit({}, '#chain');
    await field(other).fill(`did:web:directory.localhost:v1:chains:${id}`);
    await other.keyboard.press('Enter');
    await other.getByText('It holds: checked in this browser').first().waitFor();
    expect(await other.locator('.facts').innerText()).toContain(id);
    // Whoever owns the account learns nothing of it.
    expect([...hosts].filter((host) => host === 'me.localhost')).toEqual([]);
    expect([...hosts].every((host) => host.endsWith('localhost'))).toBe(true);
  });

  test('by keyboard alone, found by an account: each that claims it, and the one that is picked', async () => {
    const page = await siteOf().visit({}, '#chain');
    const ids: string[] = [];
    for (const _ of [1, 2]) {
      await page.getByRole('button', { name: BEGIN }).click();
      await expect
        .poll(async () => ['', ...ids].includes(await field(page).inputValue()), { timeout: 20_000 })
        .toBe(false);
      ids.push(await field(page).inputValue());
    }
    const other = await siteOf().visit({}, '#chain');
    await walkTo(other, 'Account, or id of a chain');
    await other.keyboard.type('ME.localhost');
    await other.keyboard.press('Enter');
    await other.getByRole('heading', { name: 'Identities that claim dns:me.localhost' }).waitFor();
    const rows = other.locator('.claiming li');
    const listed = await rows.locator('code').allInnerTexts();
    expect(listed).toEqual(expect.arrayContaining(ids));
    await expect
      .poll(() => other.locator('p[role="status"]').textContent(), { timeout: 5_000 })
      .toBe(`Identities found: ${listed.length}.`);
    const [, id = ''] = ids;
    expect(await rows.filter({ hasText: id }).locator('.chip').innerText()).toMatch(/^not /);
    await walkTo(other, `Show ${id}`);
    await other.keyboard.press('Enter');
    await other.locator('.facts').getByText(id).waitFor();
    expect(await active(other, 'textContent')).toBe('The chain');
    expect(await auditLooks(other)).toEqual([]);
    await field(other).fill('github:nobody');
    await field(other).press('Enter');
    await other.getByRole('alert').getByText('names no identity that claims github:nobody').waitFor();
    expect(await rows.count()).toBe(0);
    expect(await auditLooks(other)).toEqual([]);
  });

  test('none, and nothing that could be one, in words; a reply that was tampered with is not shown', async () => {
    const page = await siteOf().visit({}, '#chain');
    await field(page).fill('bob@bob.example');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('neither an account nor the id of a chain').waitFor();
    expect(await active(page, 'getAttribute("aria-invalid")')).toBe('true');
    await field(page).fill('A'.repeat(43));
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('has proven that it has no such chain').waitFor();
    await page.getByRole('button', { name: BEGIN }).click();
    await page.getByText('It holds: checked in this browser').first().waitFor();
    // The last link is kept back.
    const url = /\/v1\/chains\/[\w-]{43}$/;
    const again = page.getByRole('button', { name: 'Show', exact: true });
    const [response] = await Promise.all([page.waitForResponse(url), again.click()]);
    const lines = (await response.text()).trimEnd().split('\n');
    await page.route(url, (route) =>
      route.fulfill({
        headers: { 'access-control-allow-origin': '*', 'content-type': 'application/x-ndjson' },
        body: `${lines.slice(0, -1).join('\n')}\n`,
      }),
    );
    expect(lines).toHaveLength(3);
    await again.click();
    await page.getByRole('alert').getByText('not what it has proven to everybody').waitFor();
    expect(await page.locator('.facts').count()).toBe(0);
  });
}
