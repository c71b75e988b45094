// The config text (§6.3): the one place a directory's OPRF keys stand. Stretched and threshold directories are not read yet.
import { WhereaboutsError } from './errors.ts';
import { formatBase64, parseBase64 } from './wire.ts';
import { keyId } from './oprf.ts';

export interface ConfigKey {
  readonly id: string;
  readonly publicKey: Uint8Array;
  /** Seconds since 1970: this key is being retired. */
  readonly until?: number;
}

export interface ConfigText {
  /** `<domain>/whereabouts` */
  readonly origin: string;
  /** One or two, ascending by key id; exactly one without `until`. */
  readonly keys: readonly ConfigKey[];
}

const HEAD = 'whereabouts/config/v1';
const SUITE = 'suite ristretto255-SHA512';
const KEY = /^oprf ([0-9a-f]{16}) ([A-Za-z0-9+/]{43}=)(?: until (0|[1-9][0-9]{0,15}))?$/;

const invalid = (message: string): WhereaboutsError => new WhereaboutsError('config-invalid', message);

export function formatConfigText({ origin, keys }: ConfigText): string {
  const sorted = keys.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const lines = sorted.map(
    ({ id, publicKey, until }) =>
      `oprf ${id} ${formatBase64(publicKey)}${until === undefined ? '' : ` until ${until}`}`,
  );
  return [HEAD, `origin ${origin}`, SUITE, ...lines, ''].join('\n');
}

/** Reads a config text strictly: `config-invalid`. */
export function parseConfigText(text: string): ConfigText {
  const [head, originLine = '', suite, ...rest] = text.split('\n');
  if (head !== HEAD || !/^origin [!-~]+$/.test(originLine) || rest.pop() !== '') throw invalid('not a config text');
  if (suite !== SUITE) throw invalid('the suite is not supported');
  if (rest.some((line) => /^(?:stretch|share|threshold) /.test(line)))
    throw invalid('stretched and threshold directories are not supported');
  const keys = rest.map(parseKey);
  const ascending = keys.every(({ id }, i) => (keys[i - 1]?.id ?? '') < id);
  if (keys.length > 2 || !ascending) throw invalid('one or two keys, ascending by key id');
  if (keys.filter(({ until }) => until === undefined).length !== 1)
    throw invalid('exactly one key is not being retired');
  return { origin: originLine.slice('origin '.length), keys };
}

function parseKey(line: string): ConfigKey {
  const [, id = '', key = '', until] = KEY.exec(line) ?? [];
  if (id === '') throw invalid('not a key line');
  const publicKey = parseBase64(key, 32);
  if (keyId(publicKey) !== id) throw invalid('the key id is not that of the key');
  if (until === undefined) return { id, publicKey };
  if (!Number.isSafeInteger(Number(until))) throw invalid('an end beyond every clock');
  return { id, publicKey, until: Number(until) };
}
