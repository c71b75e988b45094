// What people are told, in every language (§7): nothing is missing, nothing said twice or in another language, plurals as the
// language has them, and nothing that a stranger names gets a sentence of its own into ours.
import { describe, expect, test } from 'vitest';
import { chooseLanguage, findLanguage, messagesIn, say } from '../../src/protocol/language/language.ts';
import { LANGUAGES, type Language, type Messages } from '../../src/protocol/language/messages.ts';

const HOST = { host: 'b1.example', operator: 'b1.example', isSaid: false };
const RUN = { host: 'b2.example', operator: 'op.example', isSaid: false };
const SAID = { host: 'b3.example', operator: 'op3.example', isSaid: true };

/** Every message once with names nobody would write otherwise, by its place; and what it must name. */
function sayAll({ explanation, reasons, levels, placements, sources, assurances, page }: Messages) {
  const all: [place: string, text: string, named: readonly string[]][] = [];
  const add = (place: string, text: string, ...named: readonly string[]) => all.push([place, text, named]);
  add('endToEnd', explanation.endToEnd());
  add('undeclared', explanation.undeclared(['n1.example', 'n2.example']), 'n1.example', 'n2.example');
  add('onRecipientsDevice', explanation.onRecipientsDevice());
  add('onOwnDevice', explanation.onOwnDevice());
  add('onBothDevices', explanation.onBothDevices());
  const readers = ['b1.example', 'op.example', 'op3.example', 'b3.example'];
  add('byBridges', explanation.byBridges([HOST, RUN, SAID], readers), ...readers, 'b2.example');
  add('notEndToEnd', explanation.notEndToEnd(['r1.example', 'r2.example']), 'r1.example', 'r2.example');
  add('noConnection', explanation.noConnection('a.example', 'p.example'), 'a.example', 'p.example');
  const about = ['first.example', 'second.example'] as const;
  for (const [code, text] of Object.entries(reasons)) {
    const write: (...about: readonly string[]) => string = text;
    add(
      code,
      write(...about),
      ...(text.length === 0 && code !== 'features-lost' ? [] : about.slice(0, text.length || 2)),
    );
  }
  for (const table of [levels, placements, sources]) for (const [code, text] of Object.entries(table)) add(code, text);
  for (const [code, text] of Object.entries(assurances))
    add(code, text(['i.example'], 'p.example'), 'i.example', ...(code === 'confirmed' ? ['p.example'] : []));
  for (const [name, text] of Object.entries(page)) if (typeof text === 'string') add(`page.${name}`, text);
  const connect = { placement: 'PLACE', source: 'SOURCE', protocol: 'proto', operator: 'o.example' };
  add('page.connect', page.connect(connect), 'PLACE', 'SOURCE', 'proto', 'o.example');
  add('page.life', page.life('2026-01-02', '2027-03-04'), '2026-01-02', '2027-03-04');
  add('page.checked', page.checked(12, 2), '12', '2');
  add('page.moreRoutes', page.moreRoutes(5), '5');
  return all;
}

describe.each(LANGUAGES)('%s', (language) => {
  const all = sayAll(messagesIn(language));

  test('has every message, each naming what it is about', () => {
    expect(all.length).toBeGreaterThan(70);
    expect(all.map(([place]) => place)).toEqual(sayAll(messagesIn('en')).map(([place]) => place));
    for (const [place, text, named] of all) {
      expect({ place, text }).toEqual({ place, text: expect.stringMatching(/^\S.*\S$/u) });
      expect({ place, text }).toEqual({ place, text: expect.not.stringMatching(/undefined|#| {2}/u) });
      for (const name of named) expect({ place, text }).toEqual({ place, text: expect.stringContaining(name) });
    }
  });

  test('says different things differently, and whole sentences as sentences', () => {
    const reasons = all.filter(([place]) => place in messagesIn(language).reasons).map(([, text]) => text);
    expect(new Set(reasons).size).toBe(reasons.length);
    const explanations = all.slice(0, 8).map(([, text]) => text);
    expect(new Set(explanations).size).toBe(8);
    for (const text of [...reasons, ...explanations]) expect(text).toMatch(/\.$/);
  });

  test('is not English where it is another', () => {
    if (language === 'en') return;
    const english = sayAll(messagesIn('en'));
    const same = all.filter(([place, text]) => english.some(([other, said]) => other === place && said === text));
    // `contested` and the like may be alike in two languages; no sentence is.
    expect(same.filter(([, text]) => text.includes(' ')).map(([place]) => place)).toEqual([]);
  });

  test('counts in the forms the Unicode CLDR gives it', () => {
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const forms = { one: '# ONE', few: '# FEW', many: '# MANY', other: '# OTHER' };
    const found = [0, 1, 2, 5, 1.5, 22, 1_000_000].map((n) => say(language).plural(n, forms).split(' ').at(-1));
    expect(new Set(found)).toEqual(new Set(categories.map((category) => category.toUpperCase())));
  });
});

test('numbers and lists are written as the language writes them', () => {
  const counts = (language: Language, ...numbers: number[]) =>
    numbers.map((n) => messagesIn(language).page.checked(7, n).split(', ').at(-1));
  expect(counts('pl', 1, 2, 5, 12, 22, 25, 112)).toEqual([
    '1 podpis świadka',
    '2 podpisy świadków',
    '5 podpisów świadków',
    '12 podpisów świadków',
    '22 podpisy świadków',
    '25 podpisów świadków',
    '112 podpisów świadków',
  ]);
  expect(counts('en', 0, 1, 2)).toEqual(['0 witnesses', '1 witness', '2 witnesses']);
  // French counts nothing as one.
  expect(counts('fr', 0, 1, 2)).toEqual(['0 témoin', '1 témoin', '2 témoins']);
  expect(counts('de', 0, 1, 2)).toEqual(['0 Zeugen', '1 Zeuge', '2 Zeugen']);
  expect([1, 3, 6].map((n) => messagesIn('pl').page.moreRoutes(n))).toEqual([
    'i jeszcze 1 droga',
    'i jeszcze 3 drogi',
    'i jeszcze 6 dróg',
  ]);
  const readers = ['a.example', 'b.example', 'c.example'];
  expect(LANGUAGES.map((language) => messagesIn(language).explanation.notEndToEnd(readers).split(': ').at(-1))).toEqual(
    [
      'a.example, b.example and c.example could read it.',
      'a.example, b.example et c.example pourraient la lire.',
      'a.example, b.example und c.example könnten sie lesen.',
      'a.example, b.example y c.example podrían leerla.',
      'a.example, b.example e c.example potrebbero leggerla.',
      'a.example, b.example i c.example mogą ją odczytać.',
    ],
  );
});

test.each<[string, Language | undefined]>([
  ['de', 'de'],
  ['de-AT', 'de'],
  ['DE-1996', 'de'],
  ['de_DE.UTF-8', 'de'],
  ['pl.UTF-8', 'pl'],
  ['it_IT@euro', 'it'],
  ['C', undefined],
  ['C.UTF-8', undefined],
  ['POSIX', undefined],
  ['*', undefined],
  ['', undefined],
  ['deu', undefined],
  ['eng-lish', undefined],
])('the language of %j is %s', (tag, language) => {
  expect(findLanguage(tag)).toBe(language);
});

test('the first language spoken is chosen', () => {
  expect(chooseLanguage(['ja', 'fr-CH', 'en'])).toBe('fr');
  expect(chooseLanguage(['ja', '*'])).toBeUndefined();
});
