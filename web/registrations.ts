// What was registered from this browser: enough to show, change, withdraw and watch it. The full number is not among it.
import type { OwnRecord, Registration } from '../src/index.ts';
import { read, write } from './kept.ts';
import type { Sdk } from './sdk.ts';

export interface Kept {
  readonly id: string;
  /** The identifier with its middle left out: enough for its owner. */
  readonly label: string;
  /** As `formatRegistration` wrote it; holds the key where that was kept. */
  readonly registration: string;
  readonly routes: readonly { readonly domain: string; readonly address: string }[];
  readonly auto: boolean;
  /** The epoch by which it was gone. */
  readonly withdrawn?: number;
}

const isKept = (value: unknown): value is Kept =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  'label' in value &&
  typeof value.label === 'string' &&
  'registration' in value &&
  typeof value.registration === 'string' &&
  'auto' in value &&
  typeof value.auto === 'boolean' &&
  'routes' in value &&
  Array.isArray(value.routes);

const areKept = (value: unknown): value is Kept[] => Array.isArray(value) && value.every(isKept);

export const listKept = (): readonly Kept[] => read('registrations', areKept) ?? [];

export const saveKept = (kept: Kept): boolean =>
  write('registrations', [...listKept().filter(({ id }) => id !== kept.id), kept]);

export const dropKept = (id: string): boolean =>
  write(
    'registrations',
    listKept().filter((kept) => kept.id !== id),
  );

/** `tel:+442079460555` as `+44 … 555`, an address as `m…@mail.example`. */
export function labelOf(identifier: string): string {
  const [, kind, rest = ''] = /^(tel|mailto):(.*)$/.exec(identifier) ?? [];
  if (kind === 'tel') return `${rest.slice(0, 3)} … ${rest.slice(-3)}`;
  return `${rest.slice(0, 1)}…${rest.slice(rest.lastIndexOf('@'))}`;
}

/** Everything kept, as a file: with the keys. */
export const exportKept = (): string => JSON.stringify({ version: 1, registrations: listKept() }, null, 2);

/** Takes over what an exported file holds and each of which reads as a registration; gives how many. */
export async function importKept(sdk: Sdk, text: string): Promise<number> {
  const file: unknown = JSON.parse(text);
  const found = typeof file === 'object' && file !== null && 'registrations' in file ? file.registrations : undefined;
  if (!areKept(found)) throw Object.assign(new Error('not an exported file'), { code: 'request-invalid' });
  for (const kept of found) {
    await sdk.parseRegistration(kept.registration);
    saveKept(kept);
  }
  return found.length;
}

/** What the monitor is to know of a record that was made here. */
export const ownRecord = (
  { holder, digest, expires, key }: Registration,
  withdrawn: number | undefined,
): OwnRecord => ({
  holder,
  expires,
  key,
  ...(withdrawn === undefined ? { digest } : { withdrawn }),
});
