// Door: puts the page together. Which part is shown is in the address after `#`; nothing anybody types ever is.
import { button, fill, h } from './dom.ts';
import { findLanguage, keepLanguage, loadTexts, localeOf, NAMES } from './language.ts';
import { isString, read, write } from './kept.ts';
import type { Part, Place } from './place.ts';
import { Sessions } from './sdk.ts';
import { fetchSettings } from './settings.ts';
import type { Texts } from './text/texts.ts';

// zod compiles its schemas by `new Function` unless told not to, and asks first whether it may: this page's policy says no to both.
Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });

const PARTS = ['where', 'found', 'watch', 'conversation', 'chain', 'log'] as const;
type Name = (typeof PARTS)[number];

/** Each part is loaded when it is shown. */
const LOADERS: Readonly<Record<Name, () => Promise<{ readonly open: (place: Place) => Part }>>> = {
  where: () => import('./where/part.ts'),
  found: () => import('./found/part.ts'),
  watch: () => import('./watch/part.ts'),
  conversation: () => import('./conversation/part.ts'),
  chain: () => import('./chain/part.ts'),
  log: () => import('./log/part.ts'),
};

const THEMES = ['auto', 'light', 'dark'] as const;

const isPart = (name: string): name is Name => PARTS.some((part) => part === name);
const wanted = (): Name => {
  const name = location.hash.slice(1);
  return isPart(name) ? name : 'where';
};

function setTheme(theme: string): void {
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
  else delete document.documentElement.dataset['theme'];
}

const settings = fetchSettings();
const sessions = settings.then((known) => new Sessions(known));
setTheme(read('theme', isString) ?? 'auto');

let shown: Part | undefined;
/** Shows the part that the address names now. */
let move = (): void => undefined;

/** Draws everything anew: at first, and in another language. */
async function draw(): Promise<void> {
  const { texts, language } = await loadTexts(findLanguage());
  document.documentElement.lang = language;
  const main = h('main', { id: 'content', tabindex: -1 });
  const status = h('p', { class: 'away', role: 'status' });
  const links = new Map(PARTS.map((part) => [part, h('a', { href: `#${part}` }, texts[part].nav)]));
  const known = await settings.catch(() => undefined);
  fill(
    document.body,
    h('a', { class: 'skip', href: '#content', onclick: (event) => skip(event, main) }, texts.skip),
    header(texts, language, [...links.values()], known?.sandbox === true),
    main,
    h(
      'footer',
      {},
      h('p', {}, texts.trust(location.host)),
      h('p', {}, h('a', { href: '/reference' }, texts.reference)),
    ),
    status,
  );
  if (known === undefined) {
    fill(main, h('p', { class: 'note bad', role: 'alert' }, texts.offline));
    return;
  }
  const place: Place = {
    texts,
    language,
    locale: localeOf(language),
    settings: known,
    sessions: await sessions,
    say: (text) => {
      // The same sentence twice is read out twice.
      status.textContent = '';
      setTimeout(() => (status.textContent = text), 50);
    },
  };
  const show = async (moved: boolean) => {
    const name = wanted();
    for (const [part, link] of links)
      if (part === name) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    document.title = `${texts[name].title} – Whereabouts`;
    try {
      const { open } = await LOADERS[name]();
      if (wanted() !== name) return;
      shown?.close?.();
      shown = open(place);
      const { title, intro } = texts[name];
      main.dataset['part'] = name;
      const heading = h('h1', { tabindex: -1 }, title);
      fill(main, h('div', { class: 'intro' }, heading, h('p', {}, intro)), shown.element);
      // Who moved by keyboard or screen reader begins where the new part begins.
      if (moved) heading.focus({ preventScroll: true });
      if (moved) window.scrollTo({ top: 0 });
    } catch {
      fill(
        main,
        h('p', { class: 'note bad', role: 'alert' }, texts.offline),
        button(texts.log.refresh, () => void show(moved)),
      );
    }
  };
  move = () => void show(true);
  await show(false);
}

/** A link within the page would change which part is shown. */
function skip(event: Event, main: HTMLElement): void {
  event.preventDefault();
  main.focus();
}

function header(texts: Texts, language: string, links: readonly HTMLElement[], isSandbox: boolean): HTMLElement {
  const languages = h(
    'select',
    { 'aria-label': texts.language },
    Object.entries(NAMES).map(([tag, name]) =>
      h('option', { value: tag, lang: tag, selected: tag === language }, name),
    ),
  );
  languages.addEventListener('change', () => {
    keepLanguage(languages.value as keyof typeof NAMES);
    void draw().then(() => document.querySelector<HTMLElement>('header select')?.focus());
  });
  const theme = read('theme', isString) ?? 'auto';
  const themes = h(
    'select',
    { 'aria-label': texts.theme },
    THEMES.map((name) => h('option', { value: name, selected: name === theme }, texts.themes[name])),
  );
  themes.addEventListener('change', () => {
    write('theme', themes.value);
    setTheme(themes.value);
  });
  return h(
    'header',
    {},
    h(
      'div',
      { class: 'bar' },
      h('p', { class: 'brand' }, h('span', { class: 'mark', 'aria-hidden': 'true' }), 'Whereabouts'),
      h('div', { class: 'set' }, languages, themes),
    ),
    h(
      'nav',
      { 'aria-label': texts.menu },
      h(
        'ul',
        {},
        links.map((link) => h('li', {}, link)),
      ),
    ),
    isSandbox ? h('p', { class: 'sandbox' }, texts.sandbox) : undefined,
  );
}

window.addEventListener('hashchange', () => move());
await draw();
