// Options that take a list. Not commander's variadic ones: those swallow the identifiers that come after.

/** Adds what stands between commas: for an option that may be given again. */
export const collectList = (value: string, all: string[] = []): string[] => [
  ...all,
  ...value.split(',').filter((item) => item !== ''),
];

/** Adds the value as it is: for an option that may be given again. */
export const collect = (value: string, all: string[] = []): string[] => [...all, value];
