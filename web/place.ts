// What every part of the page is given, and what it gives.
import type { Language } from '../src/index.ts';
import type { Sessions } from './sdk.ts';
import type { Settings } from './settings.ts';
import type { Texts } from './text/texts.ts';

export interface Place {
  readonly texts: Texts;
  readonly language: Language;
  /** The same with its region, where the browser names one: for dates. */
  readonly locale: string;
  readonly settings: Settings;
  readonly sessions: Sessions;
  /** Tells a screen reader what happened elsewhere on the page. */
  readonly say: (text: string) => void;
}

export interface Part {
  readonly element: HTMLElement;
  /** Ends what goes on by itself. */
  readonly close?: () => void;
}
