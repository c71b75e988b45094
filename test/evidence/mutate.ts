// Every member of a JSON value, at every depth: changed a little, or dropped.
type Json = null | boolean | number | string | Json[] | { [member: string]: Json };

export interface Mutant {
  readonly what: string;
  readonly value: Json;
}

/** One mutant for each member changed and for each dropped, arrays' elements included. */
export function mutants(value: Json, path = ''): Mutant[] {
  if (typeof value !== 'object' || value === null) return [{ what: `${path} changed`, value: other(value) }];
  const deeper = Object.entries(value).flatMap(([name, member]) => [
    ...mutants(member, `${path}/${name}`).map(({ what, value: changed }) => ({
      what,
      value: put(value, name, changed),
    })),
    { what: `${path}/${name} dropped`, value: drop(value, name) },
  ]);
  return deeper;
}

function other(value: null | boolean | number | string): Json {
  if (value === null) return 'x';
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'number') return value + 1;
  const at = Math.floor(value.length / 2);
  return `${value.slice(0, at)}${value[at] === '1' ? '2' : '1'}${value.slice(at + 1)}`;
}

function put(value: Json[] | { [member: string]: Json }, name: string, member: Json): Json {
  if (Array.isArray(value)) return value.map((element, at) => (String(at) === name ? member : element));
  return { ...value, [name]: member };
}

function drop(value: Json[] | { [member: string]: Json }, name: string): Json {
  if (Array.isArray(value)) return value.filter((_, at) => String(at) !== name);
  return Object.fromEntries(Object.entries(value).filter(([member]) => member !== name));
}
