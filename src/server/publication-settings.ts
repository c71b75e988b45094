// Settings of the publication as files (§6.8, docs/operating.md): part of the table in settings.ts, none of them on by default.
import { FILE, count, setting, text, webUrl } from './setting-forms.ts';

/** A store's address: https, or plain http on this machine; with the bucket in its path. */
function isStoreUrl(value: string): boolean {
  const url = URL.parse(value);
  if (url === null || url.username !== '' || url.search !== '' || url.hash !== '' || url.pathname === '/') return false;
  return url.protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
}

const isUrl = (value: string): boolean => /^https?:/i.test(value);

export const PUBLICATION_SETTINGS = {
  publication: setting({
    schema: text.refine((value) => !isUrl(value) || isStoreUrl(value)),
    form: 'a path, or an address like https://<endpoint>/<bucket>/<prefix>',
    doc: 'Folder, or store with S3’s interface, that the directory’s public octets are written to as files, so that reads need neither the directory nor its database.',
  }),
  publicationUrl: setting({
    schema: webUrl,
    form: 'an https address without query',
    doc: 'Where readers find those files: announced in the served description.',
  }),
  publicationInterval: setting({
    schema: count,
    form: 'a whole number of seconds, 1 to 300',
    fallback: '10',
    doc: 'How often new epochs are written there, in seconds: readers of files are so much behind.',
  }),
  publicationRegion: setting({
    schema: text,
    form: 'a region',
    fallback: 'auto',
    doc: 'Region of the store, as its signatures name it.',
  }),
  publicationKeyId: setting({ schema: text, form: 'a key id', doc: 'Id of the store’s access key.' }),
  publicationSecretKey: setting({
    schema: text,
    form: 'a key',
    secret: true,
    doc: 'Secret of that access key, instead of a file with it.',
  }),
  publicationSecretKeyFile: setting({
    schema: text,
    form: FILE,
    doc: 'File that holds that secret; readable by its owner only.',
  }),
} as const;

/** Where the directory's public octets are written as files, and how they are found. */
export interface PublicationConfig {
  readonly to:
    { readonly folder: string } | { readonly url: string; readonly region: string; readonly keyId: string } | undefined;
  readonly secretKeyFile: string | undefined;
  /** Milliseconds. */
  readonly interval: number;
  /** Announced to readers. */
  readonly url: string | undefined;
}

interface PublicationValues {
  readonly publication: string | undefined;
  readonly publicationUrl: string | undefined;
  readonly publicationInterval: number | undefined;
  readonly publicationRegion: string | undefined;
  readonly publicationKeyId: string | undefined;
  readonly publicationSecretKey: string | undefined;
  readonly publicationSecretKeyFile: string | undefined;
}

export function publicationOf(values: PublicationValues): PublicationConfig {
  const { publication: to, publicationRegion: region = '', publicationKeyId: keyId = '' } = values;
  const store = to !== undefined && isUrl(to) ? { url: to, region, keyId } : undefined;
  return {
    to: store ?? (to === undefined ? undefined : { folder: to }),
    secretKeyFile: values.publicationSecretKeyFile,
    interval: 1_000 * (values.publicationInterval ?? 0),
    url: values.publicationUrl,
  };
}

/** What of these settings contradicts itself: rules as in config-rules.ts. */
export function publicationRules(
  values: PublicationValues,
  name: (key: keyof PublicationValues) => string,
): (readonly [broken: boolean, problem: string])[] {
  const { publication: to, publicationInterval: interval = 0, publicationSecretKey: secret } = values;
  const { publicationSecretKeyFile: file, publicationKeyId: keyId } = values;
  const isStore = to !== undefined && isUrl(to);
  return [
    [
      isStore && keyId === undefined,
      `${name('publicationKeyId')}: required where ${name('publication')} is an address`,
    ],
    [
      isStore && (secret === undefined) === (file === undefined),
      `${name('publicationSecretKey')} or ${name('publicationSecretKeyFile')}: one of the two where ${name('publication')} is an address`,
    ],
    [
      interval < 1 || interval > 300,
      `${name('publicationInterval')}: 1 to 300 seconds, else files are not believed any more`,
    ],
  ];
}
