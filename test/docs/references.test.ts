// What the docs name is there: files, links, settings, log events, npm scripts. A renamed file or setting fails here first.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { METRICS } from '../../src/server/metrics.ts';
import { envName, SETTINGS, type Key } from '../../src/server/settings.ts';
import { codeIn, readPage, readTable, ROOT } from './tables.ts';

const pages = readdirSync(path.join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => path.join('docs', name));

const found = (text: string, pattern: RegExp): string[] => [
  ...new Set([...text.matchAll(pattern)].map((match) => match[1] ?? '')),
];

const SETTING_NAMES = new Set((Object.keys(SETTINGS) as Key[]).map(envName));
/** Variables that are no settings of a deployment. */
const OTHER_NAMES = new Set(['WHEREABOUTS_CONFIG', 'WHEREABOUTS_VECTORS']);

test('there are pages to look at', () => {
  expect(pages.length).toBeGreaterThan(12);
});

describe.each(pages)('%s', (page) => {
  const text = readPage(page);

  test('files of the sources and tests it names', () => {
    const files = found(text, /`((?:src|test|docs|drizzle|bench|bin)\/[\w./-]+)`/g);
    expect(files.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
  });

  test('links to other pages', () => {
    const links = found(text, /\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g);
    expect(links.filter((link) => !existsSync(path.join(ROOT, path.dirname(page), link)))).toEqual([]);
  });

  test('settings', () => {
    const names = found(text, /\b(WHEREABOUTS_[A-Z_]+[A-Z])\b/g);
    expect(names.filter((name) => !SETTING_NAMES.has(name) && !OTHER_NAMES.has(name))).toEqual([]);
  });

  test('npm scripts', () => {
    const { scripts } = JSON.parse(readPage('package.json')) as { scripts: Record<string, string> };
    const names = [...found(text, /`npm run ([\w:]+)`/g), ...found(text, /`npm (start|test)`/g)];
    expect(names.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

test('log events that operating.md explains are written somewhere', () => {
  const sources = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(ROOT, 'src', name), 'utf8'))
    .join('\n');
  const rows = readTable(readPage('docs/operating.md'), 'event', 'level', 'what to do');
  expect(rows.length).toBeGreaterThan(5);
  const missing = rows.filter(([event]) => !sources.includes(`'${codeIn(event)}'`));
  expect(missing).toEqual([]);
});

test('every setting that operating.md puts into a file of settings has a value of its form', () => {
  const examples = [...readPage('docs/operating.md').matchAll(/^(WHEREABOUTS_[A-Z_]+|DATABASE_URL)=(.*)$/gm)];
  expect(examples.length).toBeGreaterThan(20);
  const keys = new Map((Object.keys(SETTINGS) as Key[]).map((key) => [envName(key), key]));
  const wrong = examples.filter(([, name = '', value = '']) => {
    const key = keys.get(name);
    return key === undefined || !SETTINGS[key].schema.safeParse(value.replace(/^"|"$/g, '')).success;
  });
  expect(wrong.map(([line]) => line)).toEqual([]);
});

test('docs/operating.md has the table of metrics, and alerts about nothing else', () => {
  const page = readPage('docs/operating.md');
  const rows = readTable(page, 'metric', 'kind', 'labels', 'what it says');
  expect(rows).toEqual(
    Object.entries(METRICS).map(([name, { kind, labels, doc }]) => [
      `\`whereabouts_${name}\``,
      kind,
      labels.map((label) => `\`${label}\``).join(', '),
      doc,
    ]),
  );
  const alerts = found(page, /^ +(?:- )?expr: (.*)$/gm);
  expect(alerts.length).toBeGreaterThanOrEqual(5);
  const named = alerts.flatMap((alert) => found(alert, /\bwhereabouts_(\w+)/g));
  expect(named.filter((name) => !Object.hasOwn(METRICS, name))).toEqual([]);
});

test('every diagram says what it shows to those who do not see it', () => {
  const drawn = readdirSync(path.join(ROOT, 'docs')).filter(
    (name) => name.endsWith('.svg') && name !== 'performance.svg',
  );
  expect(drawn).toEqual(['federation.svg', 'look-up.svg']);
  for (const name of drawn) {
    const [, labels = ''] = /<svg [^>]*role="img" aria-labelledby="([^"]+)"/.exec(readPage(`docs/${name}`)) ?? [];
    const texts = labels
      .split(' ')
      .map((id) => new RegExp(`<(title|desc) id="${id}">[^<]{10,}<`).exec(readPage(`docs/${name}`))?.[1]);
    expect(texts, name).toEqual(['title', 'desc']);
  }
});
