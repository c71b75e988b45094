// Settings of the look-ups people already speak (docs/operating.md): part of the table in settings.ts, none of them on by default.
import { DOMAINS, domain, list, oneOf, quotaOf, setting, text } from './setting-forms.ts';

export const LOOKUP_SETTINGS = {
  lookups: setting({
    schema: list(oneOf('matrix-identity', 'matrix-appservice', 'webfinger')),
    form: 'matrix-identity, matrix-appservice, webfinger, or several with commas between them',
    fallback: '',
    doc: 'Look-up protocols of others that the resolver serves as well. Read first what a caller gives away by each: docs/operating.md.',
  }),
  matrixHomeservers: setting({
    schema: list(domain),
    form: DOMAINS,
    fallback: '',
    doc: 'Matrix server names whose users may ask the identity service. Required for `matrix-identity`.',
  }),
  matrixHsToken: setting({
    schema: text.regex(/^[\x21-\x7e]{16,}$/),
    form: 'at least 16 printable characters without spaces',
    secret: true,
    doc: '`hs_token` of the application service’s registration at the homeserver. Required for `matrix-appservice`.',
  }),
  quotaLookupsPerUser: quotaOf(
    '1000 refill 60 per day',
    'People one Matrix user may look up through the identity service.',
  ),
  quotaLookupsPerAddress: quotaOf(
    '10000 refill 10000 per day',
    'Questions per client address by WebFinger, and by ENUM beside it.',
  ),
  enumListen: setting({
    schema: text.regex(/^(?:\[[\da-fA-F:.]+\]|[\w.-]+):\d{1,5}$/),
    form: 'address:port',
    fallback: '127.0.0.1:5300',
    doc: 'Where `whereabouts enum` answers, over UDP and TCP.',
  }),
  enumZone: setting({
    schema: domain,
    form: 'a domain like e164.arpa',
    fallback: 'e164.arpa',
    doc: 'Zone under which `whereabouts enum` has its numbers.',
  }),
} as const;
