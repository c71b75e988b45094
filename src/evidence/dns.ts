// DNS (§9.3): TXT of `_whereabouts.<domain>`. Whoever writes the zone is the domain's owner: there is no other author.
import type { FindStatement } from './ask.ts';

export const findInDns: FindStatement = async ({ account }, { resolveTxt }) => ({
  author: account,
  texts: await resolveTxt(`_whereabouts.${account}`),
});
