// `did:web`: where its document is. The host rules are those of did:webvh: what a DID names is a registered domain, never an
// address, and nothing in it may lead to another file than the one it names.
import { parseAccount } from '../../protocol/account.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';

const invalid = (cause?: unknown) => new WhereaboutsError('did-invalid', 'not a did:web', { cause });

/** The URL of the document of `did`; throws `did-invalid`. */
export function didWebUrl(did: string): string {
  const [, rest] = /^did:web:((?:[A-Za-z0-9._:-]|%[0-9A-Fa-f]{2})+)$/.exec(did) ?? [];
  if (rest === undefined) throw invalid();
  const [authority = '', ...segments] = rest.split(':');
  const path = segments.length === 0 ? '.well-known' : segments.map(decodeSegment).join('/');
  return `https://${parseAuthority(authority)}/${path}/did.json`;
}

/** Host, and a port behind the one colon that may be encoded. Nothing else is: an address could hide in it. */
function parseAuthority(text: string): string {
  const [, host = '', port] = /^([a-z0-9.-]+)(?:%3[Aa]([1-9]\d{0,4}))?$/.exec(text) ?? [];
  if (!isHost(host) || Number(port ?? 443) > 65_535) throw invalid();
  return port === undefined ? host : `${host}:${port}`;
}

function isHost(host: string): boolean {
  try {
    return parseAccount('https', host) === host;
  } catch {
    return false;
  }
}

/** Decoded once and only once; what a server or a URL parser would read as more than a name is refused. */
function decodeSegment(text: string): string {
  let segment: string;
  try {
    segment = decodeURIComponent(text);
  } catch (cause) {
    throw invalid(cause);
  }
  if (segment === '' || segment === '.' || segment === '..' || /[/\\?#%\s\p{Cc}]/u.test(segment)) throw invalid();
  return encodeURIComponent(segment);
}
