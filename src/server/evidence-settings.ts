// Settings of looking at claimed accounts (§9.3, docs/operating.md): part of the table in settings.ts. Tokens are optional.
import type { ServiceTokens } from '../evidence/ask.ts';
import { oneOf, setting, text, webUrl } from './setting-forms.ts';

const token = text.regex(/^[\x21-\x7e]{8,}$/);
const TOKEN = 'at least 8 printable characters without spaces';

export const EVIDENCE_SETTINGS = {
  accountChecks: setting({
    schema: oneOf('on', 'off'),
    form: 'on or off',
    fallback: 'on',
    doc: 'Whether the directory looks at the accounts identity chains claim: it then asks services and the hosts of account owners.',
  }),
  githubToken: setting({
    schema: token,
    form: TOKEN,
    secret: true,
    doc: 'Token for GitHub’s API, without any scope: 5,000 looks an hour instead of 55.',
  }),
  gitlabToken: setting({
    schema: token,
    form: TOKEN,
    secret: true,
    doc: 'Token for gitlab.com’s API (`read_user`, `read_api`), for profiles and snippets it does not show to everybody.',
  }),
  matrixReaderUrl: setting({
    schema: webUrl,
    form: 'an https address without query',
    doc: 'Homeserver of an account of the operator’s that reads events in public rooms. Without it, they are read as a guest of the claimed account’s server.',
  }),
  matrixReaderToken: setting({ schema: token, form: TOKEN, secret: true, doc: 'Access token of that account.' }),
  dnsOverHttps: setting({
    schema: webUrl,
    form: 'an https address without query',
    fallback: 'https://cloudflare-dns.com/dns-query',
    doc: 'Resolver that is asked for TXT records on Workers, which have no DNS of their own; on Node, `WHEREABOUTS_DNS` is.',
  }),
} as const;

/** How accounts are looked at. */
export interface EvidenceConfig {
  readonly isOn: boolean;
  readonly matrixReaderUrl: string | undefined;
  readonly dnsOverHttps: string;
}

export interface EvidenceSecrets {
  readonly github: string | undefined;
  readonly gitlab: string | undefined;
  readonly matrixReader: string | undefined;
}

export const evidenceOf = (values: {
  readonly accountChecks?: 'on' | 'off' | undefined;
  readonly matrixReaderUrl?: string | undefined;
  readonly dnsOverHttps?: string | undefined;
}): EvidenceConfig => ({
  isOn: values.accountChecks !== 'off',
  matrixReaderUrl: values.matrixReaderUrl,
  dnsOverHttps: values.dnsOverHttps ?? '',
});

/** The tokens that go to services: Matrix's only where it is known whose it is. */
export const tokensOf = ({ matrixReaderUrl: url }: EvidenceConfig, secrets: EvidenceSecrets): ServiceTokens => ({
  github: secrets.github,
  gitlab: secrets.gitlab,
  ...(url === undefined || secrets.matrixReader === undefined ? {} : { matrix: { url, token: secrets.matrixReader } }),
});
