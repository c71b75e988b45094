// Faults: ways in which one request that would be accepted is spoiled, each once. Nothing here knows an endpoint.
import type { RawRequest } from '../support/raw-http.ts';

/** Numbers that can be repeated: mulberry32. */
export function createDice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

export type Dice = ReturnType<typeof createDice>;
type Body = { readonly [member: string]: unknown };

export interface Fault {
  readonly name: string;
  /** The spoiled request; `marker` stands in whatever is put in, and must not come back. */
  readonly spoil: (request: RawRequest, body: Body, marker: string, dice: Dice) => RawRequest;
}

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const withBody = (request: RawRequest, body: Buffer): RawRequest => ({ ...request, body });
const pick = <T>(list: readonly T[], dice: Dice): T | undefined => list[dice(list.length)];
const member = (body: Body, dice: Dice): string => pick(Object.keys(body), dice) ?? '';
const withHeader = (request: RawRequest, name: string, value: string): RawRequest => ({
  ...request,
  headers: [...(request.headers ?? []).filter(([given]) => given.toLowerCase() !== name.toLowerCase()), [name, value]],
});
const withoutHeader = (request: RawRequest, name: string): RawRequest => ({
  ...request,
  headers: (request.headers ?? []).filter(([given]) => given.toLowerCase() !== name.toLowerCase()),
});
const replaced = (value: (body: Body, name: string, marker: string) => unknown): Fault['spoil'] => {
  return (request, body, marker, dice) => {
    const name = member(body, dice);
    return withBody(request, bytes({ ...body, [name]: value(body, name, marker) }));
  };
};
const spliced = (splice: (text: string, marker: string) => Buffer | string): Fault['spoil'] => {
  return (request, body, marker) => withBody(request, Buffer.from(splice(JSON.stringify(body), marker)));
};
const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Another type than the member has, so that every one of them is a fault. */
const OTHERS: readonly ((marker: string) => unknown)[] = [
  () => null,
  () => true,
  () => -1,
  () => 1.5e300,
  (marker) => ({ [marker]: marker }),
  (marker) => [[marker]],
  () => '',
  (marker) => `${marker}\u0000`,
  (marker) => `${marker}${'\u{1f600}'.repeat(3)}`,
];

/** What may be wrong with any JSON body, whoever sent it. */
export const BODY_FAULTS: readonly Fault[] = [
  {
    name: 'member missing',
    spoil: (request, body, _marker, dice) => {
      const name = member(body, dice);
      return withBody(request, bytes(Object.fromEntries(Object.entries(body).filter(([key]) => key !== name))));
    },
  },
  ...OTHERS.map((value, index) => ({
    name: `member of another type ${index}`,
    spoil: replaced((_b, _n, m) => value(m)),
  })),
  { name: 'unknown member', spoil: (request, body, marker) => withBody(request, bytes({ ...body, [marker]: marker })) },
  {
    name: 'member of a prototype',
    spoil: spliced((text, marker) => text.replace('{', `{"__proto__":{"a":"${marker}"},`)),
  },
  {
    name: 'duplicate member',
    spoil: (request, body, _marker, dice) => {
      const name = member(body, dice);
      const again = `${JSON.stringify(name)}:${JSON.stringify(body[name])}`;
      return withBody(request, Buffer.from(`{${again},${JSON.stringify(body).slice(1)}`));
    },
  },
  {
    name: 'duplicate member, spelled with an escape',
    spoil: (request, body, _marker, dice) => {
      const name = member(body, dice);
      const escaped = `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}"`;
      return withBody(
        request,
        Buffer.from(`{${escaped}:${JSON.stringify(body[name])},${JSON.stringify(body).slice(1)}`),
      );
    },
  },
  { name: 'huge member', spoil: replaced((_body, _name, marker) => marker.repeat(2_000)) },
  { name: 'deep member', spoil: spliced((text) => text.replace('{', `{"deep":${deep(5_000)},`)) },
  { name: 'deep from the start', spoil: spliced(() => '['.repeat(30_000)) },
  { name: 'body too large', spoil: spliced((text, marker) => `${text}${' '.repeat(600_000)}${marker}`) },
  {
    name: 'not UTF-8',
    spoil: spliced((text, marker) =>
      Buffer.concat([
        Buffer.from(`{"${marker}":"`),
        Buffer.from([0xc3, 0x28, 0xff]),
        Buffer.from(`",${text.slice(1)}`),
      ]),
    ),
  },
  { name: 'byte order mark', spoil: spliced((text) => `\ufeff${text}`) },
  { name: 'UTF-16', spoil: (request, body) => withBody(request, Buffer.from(JSON.stringify(body), 'utf16le')) },
  { name: 'lone surrogate', spoil: spliced((text, marker) => text.replace('{', `{"${marker}":"\\ud800",`)) },
  { name: 'truncated', spoil: spliced((text) => text.slice(0, -2)) },
  { name: 'something after it', spoil: spliced((text, marker) => `${text}${marker}`) },
  { name: 'two of them', spoil: spliced((text) => `${text}${text}`) },
  { name: 'trailing comma', spoil: spliced((text) => `${text.slice(0, -1)},}`) },
  { name: 'comment', spoil: spliced((text, marker) => `/*${marker}*/${text}`) },
  { name: 'NaN', spoil: spliced((text) => text.replace('{', '{"n":NaN,')) },
  { name: 'array of it', spoil: spliced((text) => `[${text}]`) },
  { name: 'string of it', spoil: spliced((text) => JSON.stringify(text)) },
  { name: 'empty', spoil: spliced(() => '') },
  { name: 'null', spoil: spliced(() => 'null') },
  {
    name: 'form',
    spoil: (request, _body, marker) =>
      withBody(withHeader(request, 'Content-Type', 'application/x-www-form-urlencoded'), Buffer.from(`a=${marker}`)),
  },
  { name: 'content type text', spoil: (request) => withHeader(request, 'Content-Type', 'text/plain') },
  { name: 'content type missing', spoil: (request) => withoutHeader(request, 'Content-Type') },
  {
    name: 'content type in Latin-1',
    spoil: (request) => withHeader(request, 'Content-Type', 'application/json; charset=iso-8859-1'),
  },
  { name: 'content coding', spoil: (request) => withHeader(request, 'Content-Encoding', 'gzip') },
  { name: 'other method', spoil: (request) => ({ ...request, method: request.method === 'POST' ? 'PUT' : 'POST' }) },
  { name: 'PATCH', spoil: (request) => ({ ...request, method: 'PATCH' }) },
  { name: 'cut off', spoil: (request) => ({ ...request, cutOff: true }) },
  { name: 'other host', spoil: (request, _body, marker) => ({ ...request, host: `${marker}.localhost` }) },
  { name: 'path with more', spoil: (request, _body, marker) => ({ ...request, path: `${request.path}/${marker}` }) },
];

/** Spoils one of three segments of a compact JWS, or its form. */
export function spoilToken(token: string, marker: string, dice: Dice): string {
  const [head = '', body = '', signature = ''] = token.split('.');
  const flip = (text: string): string => {
    const at = dice(text.length - 2);
    return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
  };
  const forms = [
    () => `${flip(head)}.${body}.${signature}`,
    () => `${head}.${flip(body)}.${signature}`,
    () => `${head}.${body}.${flip(signature)}`,
    () => `${head}.${body}.`,
    () => `${head}.${body}`,
    () => `${head}.${body}.${signature}.`,
    () => `${head}.${body}.${signature}=`,
    () => ` ${token}`,
    () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`,
    () => `${head}.${Buffer.from(JSON.stringify({ iss: marker })).toString('base64url')}.${signature}`,
    () => marker.repeat(700),
    () => '..',
  ];
  return forms[dice(forms.length)]?.() ?? '';
}
