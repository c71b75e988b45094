// In which language the page speaks: the one chosen here before, else the first of the browser's that is spoken, else English.
import type { Language } from '../src/index.ts';
import { isString, read, write } from './kept.ts';
import { texts as en } from './text/en.ts';
import type { Texts } from './text/texts.ts';

export const NAMES: Readonly<Record<Language, string>> = {
  en: 'English',
  fr: 'Français',
  de: 'Deutsch',
  es: 'Español',
  it: 'Italiano',
  pl: 'Polski',
};

const LOADERS: Readonly<Record<Language, () => Promise<{ readonly texts: Texts }>>> = {
  en: async () => ({ texts: en }),
  fr: () => import('./text/fr.ts'),
  de: () => import('./text/de.ts'),
  es: () => import('./text/es.ts'),
  it: () => import('./text/it.ts'),
  pl: () => import('./text/pl.ts'),
};

const isLanguage = (tag: string): tag is Language => Object.hasOwn(NAMES, tag);

/** The primary subtag decides (BCP 47): `de-AT` is German. */
export function chooseLanguage(tags: readonly string[]): Language {
  return tags.map((tag) => tag.toLowerCase().split('-', 1)[0] ?? '').find(isLanguage) ?? 'en';
}

export const findLanguage = (): Language => {
  const kept = read('language', isString);
  return chooseLanguage(kept === undefined ? navigator.languages : [kept]);
};

/** British dates for a British reader: the first tag of the browser's that is of this language. */
export const localeOf = (language: Language): string =>
  navigator.languages.find((tag) => tag.toLowerCase().split('-', 1)[0] === language) ?? language;

export const keepLanguage = (language: Language): boolean => write('language', language);

/** English where a language's file cannot be loaded: a page in the wrong language is better than none. */
export async function loadTexts(language: Language): Promise<{ readonly texts: Texts; readonly language: Language }> {
  try {
    const { texts } = await LOADERS[language]();
    return { texts, language };
  } catch {
    return { texts: en, language: 'en' };
  }
}
