// `whereabouts describe --new`: a description by asking, checked before it is written. What is asked is a list; answers come
// from a person or, one a line, from standard input.
import { writeFileSync } from 'node:fs';
import { signDescription } from '../../../protocol/description-signature.ts';
import { lintDescription } from '../../../protocol/description-lint.ts';
import { isLocal, isServiceUrl, parseDomain } from '../../../protocol/domain.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { nobleGroup } from '../../../protocol/group-noble.ts';
import { parseJsonObject, type Json } from '../../../protocol/json.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { secretsOf } from '../../../server/config.ts';
import { systemClock } from '../clock.ts';
import { loadKeys } from '../keys-file.ts';
import { readSetup } from './asking.ts';
import { countFindings, formatFinding } from './describe-text.ts';
import { EXIT } from './exit.ts';
import { findPlace } from './json-places.ts';
import type { Terminal } from './program.ts';
import { openPrompt, type Prompt, type Question } from './prompt.ts';

type Members = { [member: string]: Json };

const invalid = (message: string) => new WhereaboutsError('request-invalid', message);

/** Questions of the kinds there are. An empty answer to an optional one leaves the member out. */
const words = (text: string, otherwise?: string): Question<string> => ({
  text,
  ...(otherwise === undefined ? {} : { otherwise }),
  read: (answer) => {
    if (/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u.test(answer)) throw invalid('no control characters');
    return answer;
  },
});
const list = (text: string, otherwise = ''): Question<string[]> => ({
  text: `${text}, separated by commas`,
  otherwise,
  read: (answer) => answer.split(',').flatMap((one) => (one.trim() === '' ? [] : [one.trim()])),
});
const url = (text: string, sandbox: boolean): Question<string> => ({
  text,
  otherwise: '',
  read: (answer) => {
    if (answer !== '' && !isServiceUrl(answer, { sandbox })) throw invalid('not an https URL with a host name');
    return answer;
  },
});
const choice = (text: string, among: readonly string[]): Question<string> => ({
  text: `${text} (${among.join(', ')})`,
  otherwise: among[0] ?? '',
  read: (answer) => {
    if (!among.includes(answer)) throw invalid(`one of ${among.join(', ')}`);
    return answer;
  },
});
const domainOf = (text: string, otherwise?: string): Question<string> => ({
  text,
  ...(otherwise === undefined ? {} : { otherwise }),
  read: (answer) => parseDomain(answer),
});

export async function writeNewDescription(
  terminal: Terminal,
  source: string | undefined,
  options: { readonly keys?: string; readonly out?: string; readonly config?: string },
): Promise<void> {
  const keys =
    options.keys === undefined
      ? undefined
      : await loadKeys(nobleGroup, options.keys, secretsOf(readSetup(terminal, options.config).values));
  const prompt = openPrompt();
  try {
    const domain = source === undefined ? await prompt.ask(domainOf('Domain')) : parseDomain(source);
    const now = Math.floor(systemClock() / 1000);
    const asked = await askMembers(prompt, domain);
    let text = JSON.stringify(asked, undefined, 2);
    if (keys !== undefined) {
      const days = await prompt.ask(lifeQuestion);
      const expires = new Date((now + days * 86_400) * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
      const jwks = parseJsonObject(JSON.stringify(keys.jwks));
      text = await signDescription({ ...asked, jwks, seq: now, expires }, keys.signing);
      // White space is no part of what is signed.
      text = JSON.stringify(JSON.parse(text), undefined, 2);
    }
    await finish(terminal, text, domain, options.out, now);
  } finally {
    prompt.close();
  }
}

const lifeQuestion: Question<number> = {
  text: 'Days until it has to be signed again',
  otherwise: '60',
  read: (answer) => {
    const days = /^\d{1,3}$/.test(answer) ? Number(answer) : 0;
    if (days < 1 || days * 86_400 > LIMITS.descriptionLifeSeconds) throw invalid('a number of days, 1 to 90');
    return days;
  },
};

async function askMembers(prompt: Prompt, domain: string): Promise<Members> {
  const sandbox = isLocal(domain);
  const member = async (name: string, question: Question<string>): Promise<Members> => {
    const answer = await prompt.ask(question);
    return answer === '' ? {} : { [name]: answer };
  };
  return {
    version: 1,
    domain,
    ...(await member('name', words('Name people know it by', domain))),
    ...(await member('contact', words('Where people can write to (mailto: or https:)', ''))),
    ...(await member('logo', url('URL of a logo', sandbox))),
    ...(await askProvider(prompt, domain, sandbox)),
    ...(await askIssuer(prompt, sandbox)),
    ...(await askDirectory(prompt, sandbox)),
  };
}

async function askProvider(prompt: Prompt, domain: string, sandbox: boolean): Promise<Members> {
  const protocols = await prompt.ask(list('Protocols its users speak, its own first (empty: it has no users)'));
  if (protocols.length === 0) return {};
  const features = await prompt.ask(list('What one can do there', 'text'));
  const bridges: Members[] = [];
  for (;;) {
    const from = await prompt.ask(
      list(`Networks that ${bridges.length === 0 ? 'a' : 'another'} bridge comes from (empty: no more)`),
    );
    if (from.length === 0) break;
    bridges.push(await askBridge(prompt, from, { domain, sandbox, features }));
  }
  return { provider: { protocols, features, ...(bridges.length === 0 ? {} : { bridges }) } };
}

async function askBridge(
  prompt: Prompt,
  from: string[],
  { domain, sandbox, features }: { readonly domain: string; readonly sandbox: boolean; readonly features: string[] },
): Promise<Members> {
  const protocol = await prompt.ask(words('Protocol spoken with those networks'));
  const placement = await prompt.ask(choice('Where the bridge runs', ['server', 'client', 'local', 'p2p']));
  const endpoint = await prompt.ask(url('URL to connect to', sandbox));
  const encryption = await prompt.ask(choice('Encryption', ['re-encrypted', 'native', 'none']));
  const operator = await prompt.ask(domainOf('Domain of who runs it', domain));
  const health = await prompt.ask(url('URL that answers while it works', sandbox));
  return {
    id: `${operator}/${from[0] ?? protocol}`,
    from,
    protocol,
    placement,
    ...(endpoint === '' ? {} : { endpoint }),
    encryption,
    operator,
    features,
    ...(health === '' ? {} : { health }),
  };
}

async function askIssuer(prompt: Prompt, sandbox: boolean): Promise<Members> {
  const api = await prompt.ask(url('URL where it attests its users (empty: it does not)', sandbox));
  if (api === '') return {};
  const amr = await prompt.ask(list('How it makes sure who they are', 'account'));
  return { issuer: { api, attestations: `${api.replace(/\/$/, '')}/attestations/{jti}`, amr } };
}

async function askDirectory(prompt: Prompt, sandbox: boolean): Promise<Members> {
  const api = await prompt.ask(url('URL of its directory (empty: it has none)', sandbox));
  if (api === '') return {};
  return { directory: { api, log: await prompt.ask(words('Verifier key of its log')), issuers: 'open' } };
}

/** Written only if it counts; what else there is to say goes to standard error. */
async function finish(terminal: Terminal, text: string, domain: string, out: string | undefined, now: number) {
  const { findings } = await lintDescription(text, domain, { sandbox: isLocal(domain), now });
  for (const finding of findings)
    terminal.note(formatFinding({ ...finding, position: findPlace(text, finding.place) }, terminal.style));
  terminal.note(`${domain}: ${countFindings(findings)}`);
  if (findings.some(({ severity }) => severity === 'error')) {
    terminal.note('whereabouts: nothing was written [description-invalid]');
    terminal.leave(EXIT.refused);
    return;
  }
  if (out === undefined) terminal.print(text);
  else
    try {
      writeFileSync(out, `${text}\n`, { flag: 'wx' });
    } catch (cause) {
      throw new WhereaboutsError('config-invalid', `cannot make ${out}; nothing that exists is overwritten`, { cause });
    }
  terminal.leave(EXIT.done);
}
