// gitlab.com (§9.3): the profile's bio, or a public snippet of one's own. A project's snippets are its members' to edit.
import { z } from 'zod';
import { ask, isMissing, optionalText, readAs, textOf, type EvidenceContext, type FindStatement } from './ask.ts';
import { unreached, type Finding } from './verdict.ts';

const API = 'https://gitlab.com/api/v4';

const USERS = z.array(z.object({ id: z.number().int().positive(), username: z.string(), state: z.string() })).max(100);
const PROFILE = z.object({ username: z.string(), bio: optionalText });
const SNIPPET = z.object({
  id: z.number(),
  description: optionalText,
  visibility: z.string(),
  project_id: z.number().nullish(),
  author: z.object({ username: z.string() }).nullish(),
});

export const findOnGitlab: FindStatement = async ({ account, where }, ctx) =>
  where === undefined ? await findInProfile(account, ctx) : await findInSnippet(where, ctx);

const question = ({ tokens }: EvidenceContext) =>
  tokens?.gitlab === undefined ? {} : { headers: { 'private-token': tokens.gitlab } };

async function findInProfile(account: string, ctx: EvidenceContext): Promise<Finding> {
  const found = await ask(ctx, `${API}/users?username=${encodeURIComponent(account)}`, question(ctx));
  if (isMissing(found)) throw unreached('answer-unusable');
  const user = readAs(USERS, found).find(({ username }) => username.toLowerCase() === account);
  if (user?.state !== 'active') return { none: 'account-missing' };
  const reply = await ask(ctx, `${API}/users/${user.id}`, question(ctx));
  if (isMissing(reply)) return { none: 'account-missing' };
  const { username, bio } = readAs(PROFILE, reply);
  // Who may not see profiles is shown one without a bio.
  if (bio === undefined) throw unreached('access-denied');
  return { author: username.toLowerCase(), texts: [bio ?? ''] };
}

async function findInSnippet(where: string, ctx: EvidenceContext): Promise<Finding> {
  const reply = await ask(ctx, `${API}/snippets/${where}`, question(ctx));
  if (isMissing(reply)) return { none: 'post-missing' };
  const snippet = readAs(SNIPPET, reply);
  if (String(snippet.id) !== where) return { none: 'post-missing' };
  if (snippet.visibility !== 'public') return { none: 'post-hidden' };
  if (typeof snippet.project_id === 'number') return { none: 'post-shared' };
  const raw = await ask(ctx, `${API}/snippets/${where}/raw`, { ...question(ctx), accept: ['text/plain'] });
  if (isMissing(raw)) return { none: 'post-missing' };
  return { author: snippet.author?.username.toLowerCase() ?? '', texts: [snippet.description ?? '', textOf(raw)] };
}
