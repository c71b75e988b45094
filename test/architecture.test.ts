// The house rules of docs/decisions/0001: who may import whom, what only doors and platform may touch, how big a file gets.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = path.resolve(import.meta.dirname, '../src');
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  .map((file) => file.split(path.sep).join('/'));

/** Rooms from left to right; a room looks only left. Files at the root are doors and look anywhere. */
const ROOMS = ['protocol', 'evidence', 'client', 'server', 'platform'];
const roomOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : 'door');

const isOutside = (file: string): boolean => roomOf(file) === 'door' || roomOf(file) === 'platform';

interface Import {
  readonly from: string;
  readonly to: string;
}
const imports: readonly Import[] = files.flatMap((file) => {
  const text = readFileSync(path.join(SRC, file), 'utf8');
  const found = [
    ...text.matchAll(/^\s*(?:import|export)\b[^'"();]*?from\s+'([^']+)'/gm),
    ...text.matchAll(/\bimport\(\s*'([^']+)'/g),
    ...text.matchAll(/^\s*import\s+'([^']+)'/gm),
  ];
  return found.map((match) => ({ from: file, to: match[1] ?? '' }));
});

/** What only some places may import, and what to do instead. */
const PACKAGES: readonly {
  readonly name: RegExp;
  readonly where: (file: string) => boolean;
  readonly instead: string;
}[] = [
  {
    name: /^drizzle-orm/,
    where: (file) => file.startsWith('server/store/') || isOutside(file),
    instead: 'write the query in server/store and call it',
  },
  {
    name: /^(?:hono|@hono\/)/,
    where: (file) => /^server\/(?:routes\/|app\.ts|problem\.ts|http\.ts|body\.ts)/.test(file) || isOutside(file),
    instead: 'verbs take and return values; HTTP is in server/routes',
  },
  {
    name: /^(?:node:|cloudflare:)/,
    where: isOutside,
    instead: 'take what you need as an argument; platform/ provides it',
  },
  {
    name: /^(?:@electric-sql\/pglite|postgres|undici|env-paths|commander)/,
    where: isOutside,
    instead: 'only doors and platform/ know a driver, a socket or a terminal',
  },
  {
    name: /^(?:pino|prom-client|@opentelemetry\/(?!api$))/,
    where: (file) => file.startsWith('platform/node/'),
    instead: 'call ctx.log, ctx.metrics, traced(): platform/node sends them somewhere',
  },
  {
    name: /^@opentelemetry\/api$/,
    where: (file) => file === 'server/trace.ts' || file.startsWith('platform/node/'),
    instead: 'call traced(): what spans may say is a closed list',
  },
];

const PROTOCOL_PACKAGES = /^(?:@noble\/|jose$|canonicalize$|libphonenumber-js\/max$|zod$|tr46$|tldts$)/;

const BANS: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\bDate\.now\(/, instead: 'take `now`, or call ctx.clock()' },
  { pattern: /\bnew Date\(\)/, instead: 'take `now`, or call ctx.clock()' },
  { pattern: /\bMath\.random\b/, instead: 'take `random`, or call ctx.random()' },
  { pattern: /(?<![.\w])fetch\((?!\w+: )/, instead: 'take a fetch: evidence/safe-fetch has the rules' },
  { pattern: /(?<![.\w'])process\./, instead: 'doors read the environment: server/settings.ts' },
  { pattern: /\bconsole\./, instead: 'ctx.log' },
];

const code = (file: string): string =>
  readFileSync(path.join(SRC, file), 'utf8')
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/^\s*\/\/.*$/gm, '');

describe('house', () => {
  test('there is something to check', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(imports.length).toBeGreaterThan(files.length);
  });

  test('rooms look only left', () => {
    const wrong = imports
      .filter(({ to }) => to.startsWith('.'))
      .map(({ from, to }) => ({ from, to: path.posix.join(path.posix.dirname(from), to) }))
      .filter(({ from, to }) => {
        if (roomOf(from) === 'door') return false;
        if (roomOf(to) === 'door') return true;
        return ROOMS.indexOf(roomOf(to)) > ROOMS.indexOf(roomOf(from));
      })
      .map(({ from, to }) => `${from} → ${to}: a room looks only left (${ROOMS.join(' ← ')})`);
    expect(wrong).toEqual([]);
  });

  test('packages stay where they belong', () => {
    const wrong = imports.flatMap(({ from, to }) => {
      const rule = PACKAGES.find(({ name }) => name.test(to));
      if (rule !== undefined && !rule.where(from)) return [`${from} imports ${to}: ${rule.instead}`];
      if (roomOf(from) === 'protocol' && !to.startsWith('.') && !PROTOCOL_PACKAGES.test(to))
        return [`${from} imports ${to}: protocol is pure`];
      return [];
    });
    expect(wrong).toEqual([]);
  });

  test('the page looks through the SDK’s door only, and brings no package', () => {
    const web = path.resolve(SRC, '../web');
    const pages = readdirSync(web, { recursive: true, encoding: 'utf8' })
      .map((file) => file.split(path.sep).join('/'))
      .filter((file) => file.endsWith('.ts') && file !== 'build.ts');
    expect(pages.length).toBeGreaterThan(20);
    const wrong = pages.flatMap((file) => {
      const text = readFileSync(path.join(web, file), 'utf8');
      const found = [...text.matchAll(/\b(?:from\s+|import\(?\s*)'([^']+)'/g)].map(([, to = '']) => to);
      return found
        .filter((to) => {
          if (!to.startsWith('.')) return true;
          const target = path.posix.join(path.posix.dirname(`web/${file}`), to);
          return !target.startsWith('web/') && target !== 'src/index.ts';
        })
        .map((to) => `web/${file} imports ${to}: what the page needs, src/index.ts exports`);
    });
    const long = pages.filter((file) => readFileSync(path.join(web, file), 'utf8').split('\n').length > 301);
    const silent = pages.filter((file) => !readFileSync(path.join(web, file), 'utf8').startsWith('// '));
    expect({ wrong, long, silent }).toEqual({ wrong: [], long: [], silent: [] });
  });

  test('no clock, randomness, network, environment or console outside doors and platform', () => {
    const wrong = files
      .filter((file) => !isOutside(file))
      .flatMap((file) =>
        BANS.filter(({ pattern }) => pattern.test(code(file))).map(
          ({ pattern, instead }) => `${file}: ${pattern.source}; ${instead}`,
        ),
      );
    expect(wrong).toEqual([]);
  });

  test('no escape hatches', () => {
    const wrong = files.filter((file) =>
      /\bas any\b|:\s*any\b(?=\s*[;,)=>|\]])|@ts-ignore|@ts-expect-error|oxlint-disable|eslint-disable/.test(
        code(file),
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('every room is known, none is a drawer, no barrels', () => {
    const drawers = files.filter((file) =>
      /(?:^|\/)(?:utils?|services?|helpers?|core|shared|common|misc)(?:\/|\.ts$)/.test(file),
    );
    const barrels = files.filter((file) => file.includes('/') && file.endsWith('/index.ts'));
    const unknown = files.filter((file) => ![...ROOMS, 'door'].includes(roomOf(file)));
    expect({ drawers, barrels, unknown }).toEqual({ drawers: [], barrels: [], unknown: [] });
  });

  test('every file says first what it is for, and none is above 300 lines', () => {
    const texts = files.map((file) => ({ file, text: readFileSync(path.join(SRC, file), 'utf8') }));
    const silent = texts.filter(({ text }) => !/^(?:#!.*\n)?(?:\/\/ |\/\*\*)/.test(text)).map(({ file }) => file);
    const long = texts.filter(({ text }) => text.split('\n').length > 301).map(({ file }) => file);
    expect({ silent, long }).toEqual({ silent: [], long: [] });
  });

  test('what replays Keybase chains and profiles, and OpenPGP, is in no Worker and in no SDK that only looks people up', () => {
    const reach = (door: string): Set<string> => {
      const seen = new Set([door]);
      // A set that grows while it is walked.
      for (const file of seen)
        for (const { from, to } of imports)
          if (from === file) seen.add(to.startsWith('.') ? path.posix.join(path.posix.dirname(from), to) : to);
      return seen;
    };
    const foreign = (door: string) =>
      [...reach(door)].filter((file) => /^(?:openpgp$|evidence\/(?:keybase|asp)\/)/.test(file));
    for (const door of ['worker.ts', 'index.ts', 'sdk-node.ts', 'node.ts'])
      expect([door, foreign(door)]).toEqual([door, []]);
    expect(foreign('imports.ts')).toContain('openpgp');
  });
});
