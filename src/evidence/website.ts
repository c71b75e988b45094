// A website (§9.3): one file at a place of its own, so that nobody's upload is taken for the owner's word.
import { ask, etagOf, isMissing, textOf, type FindStatement } from './ask.ts';

export const findOnWebsite: FindStatement = async ({ account, etag }, ctx) => {
  const reply = await ask(ctx, `https://${account}/.well-known/whereabouts-proof.txt`, {
    accept: ['text/plain'],
    etag,
  });
  if (reply.status === 304) return 'unchanged';
  if (isMissing(reply)) return { none: 'statement-missing' };
  return { author: account, texts: [textOf(reply)], etag: etagOf(reply) };
};
