// Languages people are spoken to in (§7): which of them is wanted, and its words. English where none of them is.
import { de } from './de.ts';
import { en } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { it } from './it.ts';
import { LANGUAGES, type Language, type Messages, type Say } from './messages.ts';
import { pl } from './pl.ts';

/** British English joins three without a comma before the “and”. */
const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', fr: 'fr', de: 'de', es: 'es', it: 'it', pl: 'pl' };

/** Made when one of them is spoken: what joins and counts takes 5 ms a language. */
const MAKERS: { readonly [L in Language]: () => Messages } = {
  en: () => en(say('en')),
  fr: () => fr(say('fr')),
  de: () => de(say('de')),
  es: () => es(say('es')),
  it: () => it(say('it')),
  pl: () => pl(say('pl')),
};
const made = new Map<Language, Messages>();

export function messagesIn(language: Language): Messages {
  const messages = made.get(language) ?? MAKERS[language]();
  made.set(language, messages);
  return messages;
}

/** The language of a tag (BCP 47 such as `de-AT`, POSIX such as `de_AT.UTF-8`) if we speak it. */
export function findLanguage(tag: string): Language | undefined {
  const [first = ''] = tag.toLowerCase().split(/[-_.@]/, 1);
  return LANGUAGES.find((language) => language === first);
}

/** The first of these tags whose language we speak. */
export const chooseLanguage = (tags: readonly string[]): Language | undefined =>
  tags.map(findLanguage).find((language) => language !== undefined);

/** How a language joins and counts. */
export function say<L extends Language>(language: L): Say<L> {
  const locale = LOCALES[language];
  const lists = new Intl.ListFormat(locale, { type: 'conjunction' });
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  return {
    list: (words) => lists.format(words),
    plural: (n, forms: Readonly<Record<string, string>>) =>
      (forms[rules.select(n)] ?? forms['other'] ?? '').replace('#', numbers.format(n)),
  };
}
