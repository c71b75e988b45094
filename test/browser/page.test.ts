// The page as people use it: real Chromium against a real sandbox; on a phone and on a desk, in light and dark, by keyboard alone.
// WHEREABOUTS_TEST_LOOK="phone dark" has every flow look so.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { testChain } from './chain.ts';
import { testConversation } from './conversation.ts';
import { testWire } from './wire.ts';
import {
  active,
  addProvider,
  audit,
  lookFor,
  openSite,
  PHONE,
  proveAt,
  show,
  started,
  walkTo,
  WIDE,
  type Site,
} from './browser.ts';

let site: Site;

const name = 'browser' in started ? 'the page' : `skipped: no Chromium can be started (${started.reason})`;

describe.skipIf(!('browser' in started))(name, () => {
  beforeAll(async () => {
    site = await openSite();
  }, 120_000);
  afterEach(() => site?.leave());
  afterAll(() => site?.stop());

  const BOB = '+44 20 7946 0123';
  const FRANK = '+44 20 7946 0321';

  describe.each([
    ['phone, light', PHONE, 'light'],
    ['phone, dark', PHONE, 'dark'],
    ['wide, light', WIDE, 'light'],
    ['wide, dark', WIDE, 'dark'],
  ] as const)('%s', (_, viewport, colorScheme) => {
    test('axe finds nothing in any part, and nothing is wider than the screen', async () => {
      const page = await site.visit({ viewport, colorScheme });
      const found: string[] = [];
      const look = async () => {
        found.push(...(await audit(page)));
        expect(
          await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        ).toBeLessThanOrEqual(0);
      };
      await lookFor(page, FRANK);
      await look();
      await show(page, 'found');
      await addProvider(page, 'bobchat.localhost');
      await page.getByRole('button', { name: 'Send me a code' }).click();
      await page.locator('.inbox').waitFor();
      await look();
      await show(page, 'watch');
      await page.getByText('There is nothing to watch').waitFor();
      await look();
      await show(page, 'conversation');
      await page.locator('.plan-box svg').waitFor();
      await look();
      await show(page, 'log');
      await page.locator('svg.picture').waitFor();
      await look();
      expect(found).toEqual([]);
    });
  });

  test('Where is Bob: the steps, what the directories saw, the ways to reach him', async () => {
    const page = await site.visit();
    await lookFor(page, BOB);
    const steps = page.locator('li.step');
    expect(await steps.evaluateAll((all) => all.map((one) => one.getAttribute('data-state')))).toEqual(
      Array(6).fill('done'),
    );
    expect(await steps.nth(0).innerText()).toContain('tel:+442079460123');
    expect(await steps.nth(2).locator('.theirs').innerText()).toMatch(/directory\.localhost: a random-looking element/);
    expect(await steps.nth(3).locator('.theirs').innerText()).toMatch(/somebody reads bucket \d+ of 16/);
    expect(await steps.nth(4).innerText()).toMatch(/directory\.localhost: 14 of 14 checks held/);
    const card = page.locator('[data-provider="bobchat.localhost"]');
    expect(await card.innerText()).toContain(
      'This conversation is re-encrypted by bobchat.localhost, whose operator could read it.',
    );
    expect(await card.innerText()).toContain('@bob:bobchat.localhost');
  });

  test('nobody, and who does not want to be found; a network added by its domain is offered', async () => {
    const page = await site.visit();
    await lookFor(page, '+44 20 7946 0999');
    expect(await page.locator('.outcome').innerText()).toContain('Nobody is registered under this');
    expect(await page.locator('.routes article').count()).toBe(2);
    await page.getByText('Add a network', { exact: true }).first().click();
    await page.getByLabel('Add a network').fill('evechat.localhost');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.locator('[data-provider="evechat.localhost"]').waitFor();
    await lookFor(page, '+44 20 7946 0789');
    expect(await page.locator('.outcome').innerText()).toContain('Does not want to be found');
    expect(await page.locator('.routes').count()).toBe(0);
  });

  test('as somebody of another network', async () => {
    const page = await site.visit();
    await page.getByLabel('You are on').selectOption({ label: 'another network…' });
    await page.getByLabel('Domain of your network').fill('bobchat.localhost');
    await lookFor(page, BOB);
    expect(await page.locator('[data-provider="bobchat.localhost"]').innerText()).toContain('end-to-end');
  });

  test('the choice is remembered, across visits to the page, and forgotten when one says so', async () => {
    const page = await site.visit();
    const first = () => page.locator('.routes article').first().getAttribute('data-provider');
    await lookFor(page, FRANK);
    expect(await first()).toBe('charliechat.localhost');
    await page.getByRole('button', { name: 'Open with BobChat' }).click();
    await page.getByText('your choice').waitFor();
    await page.reload();
    await lookFor(page, FRANK);
    expect(await first()).toBe('bobchat.localhost');
    // Four digits may stand in a signature by chance.
    const kept = await page.evaluate<string>('JSON.stringify({ ...localStorage })');
    expect(kept.replaceAll(/[\s+-]/g, '')).not.toContain(FRANK.replaceAll(/[\s+]/g, '').slice(2));
    await page.getByRole('button', { name: 'Forget this choice' }).click();
    await page
      .locator('.routes article')
      .first()
      .and(page.locator('[data-provider="charliechat.localhost"]'))
      .waitFor();
    await page.getByLabel('Your preference for CharlieChat').selectOption('avoid');
    await page.getByText('Left out because you avoid it: charliechat.localhost').waitFor();
    expect(await page.locator('.routes article').count()).toBe(1);
  });

  test('what is wrong is said, and the field has the focus again', async () => {
    const page = await site.visit();
    await page.getByLabel('Phone number or e-mail address').fill('not a number');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('This is no phone number or e-mail address').waitFor();
    expect(await active(page, 'getAttribute("aria-invalid")')).toBe('true');
  });

  test('by keyboard alone: skip, ask, choose; the log’s tree', async () => {
    const page = await site.visit();
    await page.keyboard.press('Tab');
    expect(await active(page, 'textContent')).toBe('Skip to content');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type(FRANK);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.answer');
    await expect.poll(() => active(page, 'id')).toBe('answer');
    const label = async () => String(await active(page, 'textContent'));
    for (let tabs = 0; tabs < 12 && !(await label()).startsWith('Open with'); tabs++) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('your choice').waitFor();
    await show(page, 'log');
    await page.locator('svg.picture').waitFor();
    await page.locator('svg.picture g[tabindex="0"]').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    expect(await page.locator('.hash').innerText()).toMatch(/^Epochs? \d+( to \d+)? [0-9a-f]{64}$/);
  });

  test('be found: order by dragging and by keyboard, register, be found, change, withdraw; a stranger raises the alarm', async () => {
    const page = await site.visit({}, '#found');
    const number = '+44 20 7946 0871';
    const order = () =>
      page.locator('.order > li').evaluateAll((all) => all.map((one) => one.getAttribute('data-key')));
    await page.getByLabel('Phone number or e-mail address').fill(number);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText('At least one provider has to confirm').waitFor();
    await addProvider(page, 'bobchat.localhost');
    await page.getByLabel('Or by its domain').fill('charliechat.localhost');
    await page.keyboard.press('Enter');
    await page.locator('[data-key="charliechat.localhost"]').waitFor();
    await page.locator('[data-key="charliechat.localhost"] .handle').hover();
    await page.mouse.down();
    const top = await page.locator('[data-key="bobchat.localhost"]').boundingBox();
    await page.mouse.move((top?.x ?? 0) + 20, (top?.y ?? 0) + 5, { steps: 5 });
    await page.mouse.up();
    expect(await order()).toEqual(['charliechat.localhost', 'bobchat.localhost']);
    await page.getByRole('button', { name: 'Move BobChat up' }).focus();
    await page.keyboard.press('Enter');
    expect(await order()).toEqual(['bobchat.localhost', 'charliechat.localhost']);
    expect(await active(page, 'getAttribute("aria-label")')).toBe('Move BobChat up');
    await proveAt(page, 'BobChat');
    await proveAt(page, 'CharlieChat');
    await page.locator('[data-key="bobchat.localhost"]').getByLabel('Use a bridge of your own').check();
    await page
      .locator('[data-key="bobchat.localhost"]')
      .getByLabel('Its address (URL)')
      .fill(`http://bobchat.localhost:${new URL(site.url).port}/mine`);
    await page.getByRole('button', { name: 'Register' }).click();
    await page.getByText('Done. The directory has proven').waitFor();
    expect(await page.evaluate('JSON.stringify({ ...localStorage })')).not.toContain('79460871');

    await show(page, 'where');
    await lookFor(page, number);
    const found = page.locator('.routes article');
    expect(await found.evaluateAll((all) => all.map((one) => one.getAttribute('data-provider')))).toEqual([
      'bobchat.localhost',
      'charliechat.localhost',
    ]);

    await show(page, 'found');
    await page.getByRole('button', { name: /^Change/ }).click();
    await page.getByRole('button', { name: 'Move charliechat.localhost up' }).click();
    await page.getByRole('button', { name: 'Save the change' }).click();
    await page.getByText('Done. The directory has proven').waitFor();

    await show(page, 'watch');
    await page.locator('.report.clean').waitFor();
    const stranger = await site.visit({}, '#found');
    await stranger.getByLabel('Phone number or e-mail address').fill(number);
    await addProvider(stranger, 'evechat.localhost');
    await proveAt(stranger, 'EveChat', 'eve');
    await stranger.getByRole('button', { name: 'Register' }).click();
    await stranger.getByText('Done. The directory has proven').waitFor();
    await page.getByRole('button', { name: 'Check now' }).click();
    await page.locator('.report.alarm').waitFor();
    expect(await page.getByRole('alert').innerText()).toContain('Something is there that you did not make');
    expect(await audit(page)).toEqual([]);

    await show(page, 'found');
    await page.getByRole('button', { name: /^Withdraw/ }).click();
    await page.getByText('It is withdrawn').waitFor();
    await show(page, 'where');
    await lookFor(page, number);
    expect(await page.locator('.outcome').innerText()).toContain('Nobody is registered under this');
  });

  test('be found, by keyboard alone', async () => {
    const page = await site.visit({}, '#found');
    await walkTo(page, 'Phone number or e-mail address');
    await page.keyboard.type('+44 20 7946 0873');
    await walkTo(page, 'Add a provider');
    await page.keyboard.type('Bob');
    await page.locator('[data-key="bobchat.localhost"]').waitFor();
    await walkTo(page, 'Your account at BobChat');
    await page.keyboard.type('me');
    await walkTo(page, 'Send me a code');
    await page.keyboard.press('Enter');
    const code = /\d{6}/.exec(await page.locator('.inbox').innerText())?.[0] ?? '';
    await walkTo(page, 'Code from BobChat');
    await page.keyboard.type(code);
    await page.keyboard.press('Enter');
    await page.locator('[data-proven]').waitFor();
    await walkTo(page, 'Register');
    await page.keyboard.press('Enter');
    await page.getByText('Done. The directory has proven').waitFor();
    await walkTo(page, 'Watch my name');
    await page.keyboard.press('Enter');
    await page.locator('.report.clean').waitFor();
    await walkTo(page, 'Check now');
    await page.keyboard.press('Enter');
    await page.locator('.report.clean').waitFor();
    await walkTo(page, 'Be found');
    await page.keyboard.press('Enter');
    await walkTo(page, String(await page.locator('.withdraw').getAttribute('aria-label')));
    await page.keyboard.press('Enter');
    await page.getByText('It is withdrawn').waitFor();
  });

  test('opting out', async () => {
    const page = await site.visit({ viewport: PHONE, hasTouch: true }, '#found');
    await page.getByLabel('Phone number or e-mail address').fill('+44 20 7946 0872');
    await addProvider(page, 'bobchat.localhost');
    await proveAt(page, 'BobChat');
    await page.getByLabel('I do not want to be found').check();
    await page.getByRole('button', { name: 'Register' }).tap();
    await page.getByText('asked not to be found').waitFor();
    await show(page, 'where');
    await lookFor(page, '+44 20 7946 0872');
    expect(await page.locator('.outcome').innerText()).toContain('Does not want to be found');
  });

  test('the log: cosigned, and compared with what was seen before', async () => {
    const page = await site.visit({}, '#log');
    await page.locator('svg.picture').waitFor();
    expect(await page.locator('.chip.witness').allInnerTexts()).toEqual([
      'witness.localhost/witness',
      'auditor.localhost/auditor',
    ]);
    expect(await page.locator('.grown').innerText()).toContain('First look');
    await page.reload();
    await page.locator('svg.picture').waitFor();
    expect(await page.locator('.grown').innerText()).toMatch(/As you saw it last|it only grew/);
  });

  test.each([
    ['fr-CA', 'fr', 'Où est Bob ?'],
    ['de-AT', 'de', 'Wo ist Bob?'],
    ['es-MX', 'es', '¿Dónde está Bob?'],
    ['it-CH', 'it', 'Dov’è Bob?'],
    ['pl-PL', 'pl', 'Gdzie jest Bob?'],
    ['ja-JP', 'en', 'Where is Bob?'],
  ])('%s is spoken to in %s', async (locale, language, title) => {
    const page = await site.visit({ locale });
    expect(await page.locator('h1').innerText()).toBe(title);
    expect(await page.locator('html').getAttribute('lang')).toBe(language);
  });

  describe('a conversation', () => testConversation(() => site));
  describe('an identity', () => testChain(() => site));
  describe('on the wire', () => testWire(() => site));
});
