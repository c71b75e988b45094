// What this browser keeps, and nobody else: choices, registrations, what was seen of logs. In localStorage, which belongs to this
// page's address alone. Whatever does not read as what was written counts as not there.
import type { Checkpoints, MonitorStore, SavedEvidence } from '../src/index.ts';

const PREFIX = 'whereabouts.';

export function read<T>(name: string, isValid: (value: unknown) => value is T): T | undefined {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null');
    return isValid(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** False where the browser keeps nothing: private windows may refuse. */
export function write(name: string, value: unknown): boolean {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

export const isString = (value: unknown): value is string => typeof value === 'string';
export const isStrings = (value: unknown): value is string[] => Array.isArray(value) && value.every(isString);
export const isTexts = (value: unknown): value is Record<string, string> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isString);

const isEvidence = (value: unknown): value is SavedEvidence[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null && 'origin' in one);

/** Checkpoints that outlive the page: what a log once showed here it cannot take back. */
export function keptCheckpoints(): Checkpoints {
  const notes = () => read('checkpoints', isTexts) ?? {};
  const evidence = () => read('evidence', isEvidence) ?? [];
  return {
    find: async (origin) => notes()[origin],
    save: async (origin, note, before) => {
      const known = notes();
      if (known[origin] !== before) return false;
      write('checkpoints', { ...known, [origin]: note });
      return true;
    },
    accuse: async (next) => {
      const known = evidence();
      const own = known.filter(({ origin }) => origin === next.origin);
      if (own.length < 32 && own.every(({ code, notes }) => code !== next.code || String(notes) !== String(next.notes)))
        write('evidence', [...known, next]);
    },
    listEvidence: async () => evidence(),
  };
}

export const keptMonitor = (): MonitorStore => ({
  find: async (origin, name) => read('monitor', isTexts)?.[`${origin} ${name}`],
  save: async (origin, name, state) => {
    write('monitor', { ...read('monitor', isTexts), [`${origin} ${name}`]: state });
  },
});

const ENCODER = new TextEncoder();

/** What a choice is kept under: not the identifier, so that nobody reads a list of contacts off this browser at a glance. */
async function contactKey(identifier: string): Promise<string> {
  let salt = read('salt', isString);
  if (salt === undefined) {
    salt = Array.from(crypto.getRandomValues(new Uint8Array(16)), (octet) => octet.toString(16).padStart(2, '0')).join(
      '',
    );
    write('salt', salt);
  }
  const digest = await crypto.subtle.digest('SHA-256', ENCODER.encode(`${salt} ${identifier}`));
  return Array.from(new Uint8Array(digest).subarray(0, 16), (octet) => octet.toString(16).padStart(2, '0')).join('');
}

/** Where somebody was reached last. */
export const findChoice = async (identifier: string): Promise<string | undefined> =>
  read('choices', isTexts)?.[await contactKey(identifier)];

export async function keepChoice(identifier: string, provider: string | undefined): Promise<void> {
  const key = await contactKey(identifier);
  const { [key]: _, ...others } = read('choices', isTexts) ?? {};
  write('choices', provider === undefined ? others : { ...others, [key]: provider });
}
