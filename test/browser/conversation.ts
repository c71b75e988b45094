// A conversation on the page: the tree, a bridge that goes and comes back, by mouse, finger and keyboard.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { active, audit, PHONE, walkTo, WIDE, type Site } from './browser.ts';

const GROUPS = 'charliechat.localhost/groups';
const ALICE = 'alicechat.localhost/matrix';

/** What is said of each bridge in the list, and what each pair of networks goes over. */
async function told(page: Page) {
  const used = page.locator('.bridges [data-id]:has(.chip.used)');
  const drawn = page.locator('.plan-box [data-bridge]:is(.open0, .open1, .open10, .open100)');
  return {
    used: await used.evaluateAll((all) => all.map((one) => one.getAttribute('data-id'))),
    drawn: (await drawn.evaluateAll((all) => all.map((one) => String(one.getAttribute('data-bridge'))))).toSorted(
      byText,
    ),
    pairs: await page.locator('.forwards .scroll').last().locator('tbody tr').allTextContents(),
  };
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1);
const HEALED = [ALICE, 'bobchat.localhost/matrix', 'native:charliechat.localhost/matrix'];

export function testConversation(siteOf: () => Site): void {
  test.each([
    ['phone, dark', PHONE, 'dark'],
    ['wide, light', WIDE, 'light'],
  ] as const)(
    '%s: a bridge is dragged offline, the tree heals; dragged back, it stays',
    async (_, viewport, scheme) => {
      const page = await siteOf().visit({ viewport, colorScheme: scheme }, '#conversation');
      await page.locator('.plan-box svg').waitFor();
      expect(await told(page)).toMatchObject({ used: [GROUPS], drawn: [GROUPS] });
      expect(await page.locator('.readers').innerText()).toMatch(/CharlieChat$/i);
      const drag = async (to: string) => {
        await page.locator('.plan-box').evaluate((box) => box.scrollIntoView({ block: 'center' }));
        await page.locator(`.plan-box svg [data-bridge="${GROUPS}"] rect`).hover();
        await page.mouse.down();
        const box = await page.locator(to).boundingBox();
        if (box === null) throw new Error('nowhere to drag it to');
        await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 4 });
        await page.mouse.up();
      };
      const before = await page.locator('.plan-box svg').boundingBox();
      await drag('.plan-box svg .zone rect');
      expect(await told(page)).toMatchObject({ used: HEALED, drawn: HEALED });
      expect(await page.locator('.change').innerText()).toContain(`${GROUPS} is offline. The tree now also goes over`);
      expect((await page.locator('.plan-box svg').boundingBox())?.height).toBe(before?.height);
      expect(await page.locator('.readers').innerText()).toMatch(/AliceChat, BobChat$/);
      expect(await audit(page)).toEqual([]);
      // What is there already is not torn down for what comes back.
      await drag('.plan-box svg .place >> nth=0');
      expect(await told(page)).toMatchObject({ used: HEALED });
    },
  );

  test('by keyboard alone: networks picked, bridges taken away until it falls apart', async () => {
    const page = await siteOf().visit({}, '#conversation');
    await page.locator('.plan-box svg').waitFor();
    await walkTo(page, 'EveChat');
    await page.keyboard.press('Space');
    await page.locator('.plan-box svg [data-bridge="evechat.localhost/groups"].open100').waitFor();
    expect(await page.locator('.tree .level').innerText()).toBe('not end-to-end');
    await page.keyboard.press('Space');
    for (const bridge of [ALICE, 'bobchat.localhost/groups', GROUPS]) {
      await walkTo(page, bridge);
      await page.keyboard.press('Space');
      // Where one was, one stays.
      expect(await active(page, 'labels?.[0]?.textContent')).toBe(bridge);
    }
    const status = page.locator('body > [role="status"]');
    await status.getByText('These do not reach one another: AliceChat | BobChat, CharlieChat').waitFor();
    expect(await page.locator('.note.parts').innerText()).toContain('AliceChat | BobChat, CharlieChat');
    expect(await told(page)).toMatchObject({
      pairs: ['AliceChat – BobChatno way', 'AliceChat – CharlieChatno way', expect.stringContaining('speaks matrix')],
    });
    expect(await audit(page)).toEqual([]);
  });

  test('a network added by its domain; one that is none is refused in words', async () => {
    const page = await siteOf().visit({}, '#conversation');
    await page.locator('.plan-box svg').waitFor();
    await page.getByLabel('Add a network').fill('directory.localhost');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('This domain does not say that it is a network').waitFor();
    for (const name of ['AliceChat', 'BobChat']) await page.getByLabel(name, { exact: true }).uncheck();
    await page.getByText('Pick at least two networks.').waitFor();
  });
}
