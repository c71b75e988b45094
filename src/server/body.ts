// Reads request bodies: size, type, strict JSON, strict shape, in this order. What it throws never holds what was sent.
import type { Context } from 'hono';
import type { z } from 'zod';
import { WhereaboutsError } from '../protocol/errors.ts';
import { parseJsonObject } from '../protocol/json.ts';
import { LIMITS } from '../protocol/limits.ts';
import { concat } from '../protocol/wire.ts';

/** `application/json`, at most with the one charset that JSON has (RFC 8259 §8.1). */
const JSON_TYPE = /^application\/json[\t ]*(?:;[\t ]*charset="?utf-8"?[\t ]*)?$/i;

/** The body as `schema` has it; `schema` must be a strict object, so that unknown members are refused (§12). */
export async function readJson<T>(
  c: Context,
  schema: z.ZodType<T>,
  maxOctets: number = LIMITS.requestOctets,
): Promise<T> {
  if (!JSON_TYPE.test(c.req.header('content-type') ?? ''))
    throw new WhereaboutsError('media-type-unsupported', 'the content type must be application/json');
  if ((c.req.header('content-encoding') ?? 'identity').toLowerCase() !== 'identity')
    throw new WhereaboutsError('media-type-unsupported', 'content codings are not supported');
  const result = schema.safeParse(parseJsonObject(await readOctets(c, maxOctets)));
  if (result.success) return result.data;
  throw new WhereaboutsError('request-invalid', describeIssue(result.error));
}

/** The body's octets; past `maxOctets` reading stops. */
export async function readOctets(c: Context, maxOctets: number = LIMITS.requestOctets): Promise<Uint8Array> {
  const tooLarge = () => new WhereaboutsError('request-too-large', `a body may have ${maxOctets} octets`);
  const announced = c.req.header('content-length');
  // Announced sizes are refused before anything is read; the counts below do not believe them.
  if (Number(announced ?? 0) > maxOctets) throw tooLarge();
  // HTTP itself ends such a body there (RFC 9112 §6.2): in one piece, without a stream.
  if (announced !== undefined && c.req.header('transfer-encoding') === undefined) {
    const whole = await readWhole(c.req.raw);
    if (whole.length > maxOctets) throw tooLarge();
    return whole;
  }
  const body = c.req.raw.body;
  if (body === null) return new Uint8Array();
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const chunk = await readChunk(reader);
    if (chunk === undefined) return concat(...chunks);
    size += chunk.length;
    if (size > maxOctets) {
      void reader.cancel().catch(() => undefined);
      throw tooLarge();
    }
    chunks.push(chunk);
  }
}

async function readWhole(request: Request): Promise<Uint8Array> {
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch (cause) {
    throw cutOff(cause);
  }
}

const cutOff = (cause: unknown): WhereaboutsError =>
  new WhereaboutsError('request-invalid', 'the body was cut off', { cause });

async function readChunk(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value;
  } catch (cause) {
    throw cutOff(cause);
  }
}

/** Where the shape is wrong: names of members the schema knows, never one that was sent. */
function describeIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue?.code === 'unrecognized_keys') return 'unknown member';
  const member = issue?.path.find((part) => typeof part === 'string');
  return member === undefined ? 'not of the right shape' : `member "${member}" is missing or wrong`;
}
