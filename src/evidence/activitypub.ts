// Mastodon and whatever speaks ActivityPub (§9.3): the account's host says by WebFinger which actor it is, the actor's fields and
// summary are its own, and a note is its own by `attributedTo`. Boosts, quotes and what stands on other hosts are not.
import { z } from 'zod';
import { registrableDomain } from '../protocol/domain.ts';
import {
  ask,
  isMissing,
  optionalText,
  readAs,
  type EvidenceContext,
  type FindStatement,
  type LinkedClaim,
} from './ask.ts';
import { textOfHtml } from './marker.ts';
import { unreached, type Finding } from './verdict.ts';

const ACTIVITY = ['application/activity+json', 'application/ld+json', 'application/json'];
const ACTOR_OCTETS = 262_144;
const PUBLIC = new Set(['https://www.w3.org/ns/activitystreams#Public', 'as:Public', 'Public']);

const JRD = z.object({
  subject: z.string(),
  links: z.array(z.object({ rel: z.string(), type: optionalText, href: optionalText })).max(256),
});
const ACTOR = z.object({
  id: z.string(),
  type: z.enum(['Application', 'Group', 'Organization', 'Person', 'Service']),
  preferredUsername: z.string(),
  movedTo: z.unknown().optional(),
  suspended: z.boolean().optional(),
  summary: optionalText,
  attachment: z.array(z.looseObject({ type: z.unknown().optional(), value: z.unknown().optional() })).nullish(),
});
const audience = z.union([z.string(), z.array(z.unknown())]).nullish();
const NOTE = z.object({
  id: z.string(),
  type: z.string(),
  attributedTo: z.unknown().optional(),
  content: optionalText,
  to: audience,
  cc: audience,
});

type Actor = z.infer<typeof ACTOR>;

export const findOnActivityPub: FindStatement = async (claim, ctx) => {
  const actor = await findActor(claim, ctx);
  if ('none' in actor) return actor;
  return claim.where === undefined ? findInProfile(claim, actor) : await findInNote(claim, claim.where, actor, ctx);
};

async function findActor(
  { account }: LinkedClaim,
  ctx: EvidenceContext,
): Promise<Actor | { none: 'account-missing' | 'account-moved' }> {
  const host = account.slice(account.lastIndexOf('@') + 1);
  const subject = `acct:${account.slice(1)}`;
  const found = await ask(ctx, `https://${host}/.well-known/webfinger?resource=${encodeURIComponent(subject)}`, {
    accept: ['application/jrd+json', 'application/json'],
  });
  if (isMissing(found)) return { none: 'account-missing' };
  const jrd = readAs(JRD, found);
  if (jrd.subject.toLowerCase() !== subject) return { none: 'account-moved' };
  const self = jrd.links.find(
    ({ rel, type }) => rel === 'self' && /^application\/(?:activity|ld)\+json/.test(type ?? ''),
  );
  const url = URL.parse(self?.href ?? '');
  // The host speaks for its own accounts only: an actor elsewhere is somebody else's to change.
  if (url === null || registrableDomain(url.hostname) !== registrableDomain(host)) return { none: 'account-missing' };
  const reply = await ask(ctx, url.href, { accept: ACTIVITY, maxOctets: ACTOR_OCTETS });
  if (isMissing(reply)) return { none: 'account-missing' };
  const actor = readAs(ACTOR, reply);
  if (actor.id !== url.href || reply.url.href !== url.href) throw unreached('answer-unusable');
  if (actor.suspended === true) return { none: 'account-missing' };
  const hasMoved = actor.movedTo !== undefined && actor.movedTo !== null;
  const name = account.slice(1, account.lastIndexOf('@'));
  return hasMoved || actor.preferredUsername.toLowerCase() !== name ? { none: 'account-moved' } : actor;
}

function findInProfile({ account }: LinkedClaim, { summary, attachment }: Actor): Finding {
  const fields = (attachment ?? []).filter(({ type }) => type === 'PropertyValue').map(({ value }) => value);
  const texts = [summary ?? '', ...fields.filter((value) => typeof value === 'string')];
  return { author: account, texts: texts.map(textOfHtml) };
}

async function findInNote(
  { account }: LinkedClaim,
  where: string,
  actor: Actor,
  ctx: EvidenceContext,
): Promise<Finding> {
  const reply = await ask(ctx, where, { accept: ACTIVITY, maxOctets: ACTOR_OCTETS });
  if (isMissing(reply)) return { none: 'post-missing' };
  const note = readAs(NOTE, reply);
  if (note.type === 'Tombstone') return { none: 'post-missing' };
  // A server may hold copies of others' notes: only its own are its word.
  const isOwn = URL.parse(note.id)?.host === reply.url.host && (note.type === 'Note' || note.type === 'Article');
  if (!isOwn || note.attributedTo !== actor.id) return { none: 'author-differs' };
  const readers = [note.to ?? [], note.cc ?? []].flat();
  if (!readers.some((reader) => typeof reader === 'string' && PUBLIC.has(reader))) return { none: 'post-hidden' };
  return { author: account, texts: [textOfHtml(note.content ?? '')] };
}
