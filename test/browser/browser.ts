// A sandbox with the built page, and a real Chromium in front of it.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { launchBrowser } from '../support/chromium.ts';
import { makeHome, startSandbox } from '../support/program.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

export const PHONE = { width: 390, height: 844 };
export const WIDE = { width: 1280, height: 800 };

/** How every visit looks that does not say so itself: WHEREABOUTS_TEST_LOOK="phone dark", "phone light", "wide dark"; else wide, light. */
const wanted = process.env['WHEREABOUTS_TEST_LOOK']?.split(' ') ?? [];
const LOOK = {
  viewport: wanted.includes('phone') ? PHONE : WIDE,
  hasTouch: wanted.includes('phone'),
  colorScheme: wanted.includes('dark') ? 'dark' : 'light',
} as const;

/** The browser, or why there is none on this machine. */
export const started: { readonly browser: Browser } | { readonly reason: string } = await launchBrowser().then(
  (browser) => ({ browser }),
  (error: unknown) => ({ reason: error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'unknown' }),
);

export interface Site {
  readonly url: string;
  /** A fresh visitor: nothing kept, nothing cached. What its page complains about fails the test at the end. */
  visit(options?: BrowserContextOptions, part?: string): Promise<Page>;
  /** Ends all visits; throws what their pages complained about. */
  leave(): Promise<void>;
  stop(): Promise<void>;
}

export async function openSite(): Promise<Site> {
  if (!('browser' in started)) throw new Error(started.reason);
  const { browser } = started;
  execFileSync(process.execPath, [path.join(ROOT, 'web/build.ts'), '--stale']);
  const home = makeHome();
  const sandbox = await startSandbox(home);
  const url = `http://localhost:${sandbox.port}`;
  const complaints: string[] = [];
  return {
    url,
    visit: async (options = {}, part = '') => {
      const context = await browser.newContext({ ...LOOK, locale: 'en-GB', ...options });
      context.setDefaultTimeout(20_000);
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        // What a server refused is told by the page; the browser says so too.
        if (message.type() === 'error' && !/Failed to load resource/.test(message.text()))
          complaints.push(message.text());
      });
      await page.goto(`${url}/${part}`);
      await page.waitForSelector('h1');
      return page;
    },
    leave: async () => {
      for (const context of browser.contexts()) await context.close();
      expect(complaints.splice(0)).toEqual([]);
    },
    stop: async () => {
      await browser.close();
      await sandbox.stop();
      home.remove();
    },
  };
}

/** What axe has against what is shown (WCAG 2.2 A and AA, and its best practices). */
export async function audit(page: Page): Promise<string[]> {
  // Not by a script element, which the page's policy forbids.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const tool = (
      globalThis as unknown as {
        axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      }
    ).axe;
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    return (await tool.run({ runOnly: tags })).violations;
  });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

/** Looks for somebody and waits for the answer. */
export async function lookFor(page: Page, identifier: string): Promise<void> {
  await page.getByLabel('Phone number or e-mail address').fill(identifier);
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await page.waitForSelector('.answer');
}

/** Signs in at a provider by the code it shows. */
export async function proveAt(page: Page, provider: string, account = 'me'): Promise<void> {
  await page.getByLabel(`Your account at ${provider}`).fill(account);
  const item = page.locator('.order > li').filter({ hasText: provider });
  await item.getByRole('button', { name: 'Send me a code' }).click();
  const code = /\d{6}/.exec(await item.locator('.inbox').innerText())?.[0] ?? '';
  await item.getByLabel(`Code from ${provider}`).fill(code);
  await item.getByRole('button', { name: 'Confirm' }).click();
  await item.locator('[data-proven]').waitFor();
}

export async function addProvider(page: Page, domain: string): Promise<void> {
  await page.getByLabel('Add a provider').selectOption(domain);
  await page.locator(`[data-key="${domain}"]`).waitFor();
}

/** Something of the element that has the focus. */
export const active = (page: Page, what: string): Promise<unknown> => page.evaluate(`document.activeElement?.${what}`);

/** Goes to another part of the page, as its menu does. */
export async function show(page: Page, part: string): Promise<void> {
  await page.locator(`nav a[href="#${part}"]`).click();
  await page.locator(`main[data-part="${part}"]`).waitFor();
}

/** Presses the tab key until what has the focus is called `name`, by its label or its own text. */
export async function walkTo(page: Page, name: string): Promise<void> {
  const called = 'labels?.[0]?.textContent ?? document.activeElement?.ariaLabel ?? document.activeElement?.textContent';
  for (let tabs = 0; tabs < 60 && (await active(page, called)) !== name; tabs++) await page.keyboard.press('Tab');
  expect(await active(page, called)).toBe(name);
}
