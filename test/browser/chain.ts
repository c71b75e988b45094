// A public identity on the page: begun, shown, checked, refused; and what is asked for it goes to the directory only.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { active, audit, PHONE, walkTo, WIDE, type Site } from './browser.ts';

const BEGIN = 'Begin one to look at (sandbox)';
const field = (page: Page) => page.getByLabel('Id of the chain');

export function testChain(siteOf: () => Site): void {
  test.each([
    ['phone, light', PHONE, 'light'],
    ['wide, dark', WIDE, 'dark'],
  ] as const)('%s: by keyboard alone, an identity with its keys and accounts', async (_, viewport, colorScheme) => {
    const page = await siteOf().visit({ viewport, colorScheme }, '#chain');
    const hosts = new Set<string>();
    page.context().on('request', (request) => hosts.add(new URL(request.url()).hostname));
    await walkTo(page, BEGIN);
    await page.keyboard.press('Enter');
    await page.getByText('It holds: checked in this browser').first().waitFor();
    expect(await page.locator('.chain .note').innerText()).toContain('every link (2)');
    expect(await page.locator('.chain tbody tr').innerText()).toMatch(/^dns:me\.localhost\s+(not checked yet|not )/);
    expect(await page.locator('.keys li').count()).toBe(1);
    expect(await audit(page)).toEqual([]);
    expect(
      await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    ).toBeLessThanOrEqual(0);
    // Found again by whoever has its id, as it is or in a did:web.
    const id = await field(page).inputValue();
    const other = await siteOf().visit({ viewport, colorScheme }, '#chain');
    await field(other).fill(`did:web:directory.localhost:v1:chains:${id}`);
    await other.keyboard.press('Enter');
    await other.getByText('It holds: checked in this browser').first().waitFor();
    expect(await other.locator('.facts').innerText()).toContain(id);
    // Whoever owns the account learns nothing of it.
    expect([...hosts].filter((host) => host === 'me.localhost')).toEqual([]);
    expect([...hosts].every((host) => host.endsWith('localhost'))).toBe(true);
  });

  test('none, and nothing that could be one, in words; a reply that was tampered with is not shown', async () => {
    const page = await siteOf().visit({}, '#chain');
    await field(page).fill('nobody');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('This is no id of a chain').waitFor();
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
