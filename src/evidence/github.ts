// GitHub (§9.3): a file of a gist, whose author is `owner.login`. Comments are others' to write, a fork's files another's words.
import { z } from 'zod';
import { ask, etagOf, isMissing, optionalText, readAs, type FindStatement } from './ask.ts';

const GIST = z.object({
  id: z.string(),
  owner: z.object({ login: z.string() }).nullish(),
  fork_of: z.unknown().optional(),
  files: z.record(z.string(), z.object({ truncated: z.boolean().optional(), content: optionalText }).nullable()),
});

/** A file is shown up to a mebibyte, all files of a gist together: what is larger is no statement. */
const GIST_OCTETS = 1_048_576;

export const findOnGithub: FindStatement = async ({ where = '', etag }, ctx) => {
  const token = ctx.tokens?.github;
  const reply = await ask(ctx, `https://api.github.com/gists/${where}`, {
    maxOctets: GIST_OCTETS,
    etag,
    headers: {
      'x-github-api-version': '2022-11-28',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
  });
  if (reply.status === 304) return 'unchanged';
  if (isMissing(reply)) return { none: 'post-missing' };
  const gist = readAs(GIST, reply);
  if (gist.id !== where) return { none: 'post-missing' };
  if (gist.fork_of !== undefined && gist.fork_of !== null) return { none: 'post-copied' };
  // Half a file may end within a longer word.
  const whole = Object.values(gist.files).filter((file) => file !== null && file.truncated !== true);
  return {
    author: gist.owner?.login.toLowerCase() ?? '',
    texts: whole.map((file) => file?.content ?? ''),
    etag: etagOf(reply),
  };
};
