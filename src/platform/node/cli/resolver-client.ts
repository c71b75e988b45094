// Asks a resolver (§7) over HTTP: one this person runs or trusts, for it is told the identifiers. A page of NDJSON is read as it comes.
import { request } from 'undici';
import type { Answer } from '../../../protocol/answer.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { parseJson } from '../../../protocol/json.ts';
import { readProblem } from '../../../client/problem.ts';
import type { InvalidAnswer, Progress } from '../../../client/where-many.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { findSecretFile } from '../secret-file.ts';
import type { Question } from './where.ts';

/** How long a resolver may take for a whole list, in milliseconds. */
const PATIENCE = 120_000;

/** Where the resolver is, and whose token it wants. */
export interface Place {
  readonly resolver: string;
  readonly tokenFile: string | undefined;
}

/** Answers of a resolver, in the order of `ids`, which go to it in clear and in questions of up to a thousand. */
export async function* askResolver(
  place: Place,
  ids: readonly string[] | AsyncIterable<string>,
  { question, onProgress }: { question: Question; onProgress: (progress: Progress) => void },
): AsyncGenerator<Answer | InvalidAnswer> {
  let answered = 0;
  for await (const list of inLists(ids)) {
    const before = answered;
    for await (const answer of askList(place, list, question)) {
      answered += 1;
      yield answer.outcome === 'invalid' ? { ...answer, index: before + answer.index } : answer;
      onProgress({ answered, ...(Array.isArray(ids) ? { total: ids.length } : {}) });
    }
  }
}

async function* inLists(ids: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string[]> {
  let list: string[] = [];
  for await (const id of ids) {
    list.push(id);
    if (list.length < LIMITS.whereIds) continue;
    yield list;
    list = [];
  }
  if (list.length > 0) yield list;
}

async function* askList(
  place: Place,
  ids: readonly string[],
  question: Question,
): AsyncGenerator<Answer | InvalidAnswer> {
  const response = await send(place, JSON.stringify({ ...question, ids }));
  if (response.statusCode !== 200)
    throw readProblem({ status: response.statusCode, body: new Uint8Array(await response.body.arrayBuffer()) });
  let rest = '';
  let count = 0;
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      count += 1;
      yield readAnswer(line);
    }
  }
  // A stream cut off is not an answer of "nothing".
  if (rest !== '' || count !== ids.length) throw new WhereaboutsError('peer-unreachable', 'the resolver broke off');
}

/** One's own resolver is believed about what an answer looks like; a program that is none is noticed. */
function readAnswer(line: string): Answer | InvalidAnswer {
  const answer = parseJson(line);
  if (answer === null || typeof answer !== 'object' || !('outcome' in answer))
    throw new WhereaboutsError('peer-unreachable', 'what answers there is no resolver');
  return answer as unknown as Answer | InvalidAnswer;
}

async function send({ resolver, tokenFile }: Place, body: string) {
  const token = tokenFile === undefined ? undefined : findSecretFile(tokenFile)?.trim();
  if (tokenFile !== undefined && token === undefined)
    throw new WhereaboutsError('config-invalid', 'there is no such token file');
  const url = parseResolver(resolver);
  // Node's own resolver knows no `*.localhost`.
  const local = url.hostname.endsWith('.localhost');
  const origin = local ? `${url.protocol}//127.0.0.1:${url.port}` : url.origin;
  try {
    return await request(`${origin}/v1/where`, {
      method: 'POST',
      headers: {
        host: url.host,
        'content-type': 'application/json',
        accept: 'application/x-ndjson, application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body,
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch (cause) {
    throw new WhereaboutsError('peer-unreachable', 'the resolver could not be reached', { cause });
  }
}

function parseResolver(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new WhereaboutsError('config-invalid', '--resolver must be an http or https address');
  return url;
}
