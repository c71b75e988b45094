// Hacker News (§9.3): the account's own `about`, HTML. Names that differ by case are different people.
import { z } from 'zod';
import { ask, isMissing, optionalText, readAs, type FindStatement } from './ask.ts';
import { textOfHtml } from './marker.ts';
import { unreached } from './verdict.ts';

const USER = z.object({ id: z.string(), about: optionalText }).nullable();

export const findOnHackernews: FindStatement = async ({ account }, ctx) => {
  const reply = await ask(ctx, `https://hacker-news.firebaseio.com/v0/user/${account}.json`);
  if (isMissing(reply)) throw unreached('answer-unusable');
  const user = readAs(USER, reply);
  return user === null ? { none: 'account-missing' } : { author: user.id, texts: [textOfHtml(user.about ?? '')] };
};
