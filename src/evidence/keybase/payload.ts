// The inner JSON of a Keybase link: who signs, what is added, what is revoked. Reads, judges nothing across links.
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import { refused, refusedAs } from '../refusal.ts';
import { isKid, type Kid } from './kid.ts';
import { isLinkType, type LinkType } from './outer.ts';

const kid = z.custom<Kid>(isKid);
const sigId = z.string().regex(/^[0-9a-f]{64}0f$/);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

const key = z.object({
  kid: kid.optional(),
  eldest_kid: kid.optional(),
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
  full_hash: hash.optional(),
  host: z.literal('keybase.io'),
  uid: z.string(),
  username: z.string(),
});
const added = z.object({ kid, reverse_sig: z.string().nullish(), full_hash: hash.optional() });
const service = z.union([
  z.object({ name: z.string(), username: z.string() }),
  z.object({ protocol: z.enum(['http:', 'https:']), hostname: z.string() }),
  z.object({ protocol: z.literal('dns'), domain: z.string() }),
]);

const payload = z.object({
  body: z.looseObject({
    key,
    type: z.string(),
    version: z.int(),
    revoke: z
      .object({
        kid: kid.optional(),
        kids: z.array(kid).optional(),
        sig_id: sigId.optional(),
        sig_ids: z.array(sigId).optional(),
      })
      .optional(),
    sibkey: added.optional(),
    subkey: added.optional(),
    pgp_update: z.object({ kid, full_hash: hash }).optional(),
    per_user_key: z
      .object({ signing_kid: kid, encryption_kid: kid, generation: count, reverse_sig: z.string() })
      .optional(),
    service: service.optional(),
  }),
  ctime: count,
  expire_in: count,
  prev: hash.nullable(),
  seqno: z.int().min(1),
  seq_type: z.literal(1).optional(),
  ignore_if_unsupported: z.boolean().optional(),
  high_skip: z.object({ seqno: count, hash: hash.nullable() }).optional(),
  tag: z.literal('signature'),
});

export type Payload = z.infer<typeof payload>;
export type Service = z.infer<typeof service>;

/** Beside `key`, `type` and `version`; what a link may say of the client, the device and the tree it saw. */
const EVERYWHERE = ['key', 'type', 'version', 'client', 'device', 'merkle_root', 'revoke'];
/** Sections of each type, those that must be there first. A section of another type would change what the link does. */
const SECTIONS: Readonly<Record<LinkType, { readonly must: readonly string[]; readonly may?: readonly string[] }>> = {
  eldest: { must: [] },
  // Without one it binds the key to the name on Keybase itself.
  web_service_binding: { must: [], may: ['service'] },
  track: { must: ['track'] },
  untrack: { must: ['untrack'] },
  revoke: { must: ['revoke'] },
  cryptocurrency: { must: ['cryptocurrency'] },
  announcement: { must: ['announcement'] },
  device: { must: ['device'] },
  sibkey: { must: ['sibkey'] },
  subkey: { must: ['subkey'] },
  pgp_update: { must: ['pgp_update'] },
  per_user_key: { must: ['per_user_key'] },
  'wallet.stellar': { must: ['wallet', 'wallet_key'] },
  'wot.vouch': { must: ['wot_vouch'], may: ['user'] },
  'wot.react': { must: ['wot_react'], may: ['user'] },
};

/** Reads the JSON of a link; `type` is undefined for a kind that is not known and may be skipped. */
export function parsePayload(text: string): { payload: Payload; type: LinkType | undefined } {
  const read = payload.safeParse(refusedAs('syntax', () => parseJson(text)));
  if (!read.success) throw refused('syntax', read.error);
  const { body, ignore_if_unsupported: ignorable = false } = read.data;
  if (!isLinkType(body.type)) {
    if (!ignorable) throw refused('type-foreign');
    // Skipping it must skip nothing: a revocation in it would go unheard.
    if (body.revoke !== undefined) throw refused('section-foreign');
    return { payload: read.data, type: undefined };
  }
  const { must, may = [] } = SECTIONS[body.type];
  const allowed = new Set([...EVERYWHERE, ...must, ...may]);
  if (!must.every((name) => body[name] !== undefined)) throw refused('syntax');
  if (!Object.keys(body).every((name) => allowed.has(name))) throw refused('section-foreign');
  return { payload: read.data, type: body.type };
}

/** Key ids and signature ids a link revokes. */
export function revocationsOf({ body: { revoke } }: Payload): { kids: readonly Kid[]; sigIds: readonly string[] } {
  const one = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);
  return {
    kids: [...one(revoke?.kid), ...(revoke?.kids ?? [])],
    sigIds: [...one(revoke?.sig_id), ...(revoke?.sig_ids ?? [])],
  };
}

/**
 * The text a new key signs: the link's own with its reverse signature emptied. Cut out of the text, not written anew: what
 * was signed has one spelling.
 */
export function withoutReverse(text: string, reverse: string): string {
  const [before, after, ...more] = text.split(`"reverse_sig":${JSON.stringify(reverse)}`);
  if (before === undefined || after === undefined || more.length > 0) throw refused('reverse-signature');
  return `${before}"reverse_sig":null${after}`;
}
