// The question a resolver takes (§7), and its answers as a stream of lines. Asks through the SDK; knows no HTTP.
import { z } from 'zod';
import type { WhereOptions } from '../../client/where.ts';
import { isDomain } from '../../protocol/domain.ts';
import type { Language } from '../../protocol/language/messages.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { utf8 } from '../../protocol/wire.ts';

const domain = z.string().refine(isDomain);
const domains = z.array(domain).max(LIMITS.whereDomains);
/** A BCP 47 tag, of a language we speak or not. */
const language = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/);
const tag = z.string().min(1).max(LIMITS.tagOctets);

/** Everything of a question but whom it is about. */
const options = {
  from: domain.optional(),
  region: z.string().length(2).optional(),
  for: z.union([tag.transform((one) => [one]), z.array(tag).max(LIMITS.whereTags)]).optional(),
  prefer: domains.optional(),
  avoid: domains.optional(),
  unverified: z.boolean().optional(),
  language: language.optional(),
  also: z.array(domain).max(LIMITS.whereAlso).optional(),
  chosen: domain.optional(),
  exists: z.boolean().optional(),
};

/** Strict: unknown members are refused, and exactly one of `id` and `ids` is given. */
export const whereRequest = z
  .strictObject({
    id: z.string().optional(),
    ids: z.array(z.string()).min(1).max(LIMITS.whereIds).optional(),
    ...options,
    chains: z.boolean().optional(),
  })
  .refine(({ id, ids }) => (id === undefined) !== (ids === undefined));

export type WhereRequest = z.output<typeof whereRequest>;

/** One question to be watched. */
export const watchRequest = z.strictObject({ id: z.string(), ...options });

/** Everything of a request but whom it is about; `preferred` is the language of who does not name one. */
export function readOptions(request: Omit<WhereRequest, 'id' | 'ids'>, preferred: Language): WhereOptions {
  const { from, region, for: purposes, prefer, avoid, unverified, also, chosen, exists, chains } = request;
  return {
    language: request.language ?? preferred,
    ...(from === undefined ? {} : { from }),
    ...(region === undefined ? {} : { region }),
    ...(purposes === undefined ? {} : { for: purposes }),
    ...(prefer === undefined ? {} : { prefer }),
    ...(avoid === undefined ? {} : { avoid }),
    ...(unverified === undefined ? {} : { unverified }),
    ...(also === undefined ? {} : { also }),
    ...(chosen === undefined ? {} : { chosen }),
    ...(exists === undefined ? {} : { exists }),
    ...(chains === undefined ? {} : { chains }),
  };
}

/**
 * Answers as NDJSON, one line each in the order asked, made while they are read: a reader who goes away ends the asking.
 * A line is written only when there is room for it, so a slow reader costs no memory.
 */
export function streamAnswers(answers: AsyncGenerator<unknown, void, undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await answers.next();
      if (done === true) controller.close();
      else controller.enqueue(utf8(`${JSON.stringify(value)}\n`));
    },
    async cancel() {
      await answers.return();
    },
  });
}
