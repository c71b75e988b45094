// `whereabouts describe`: fetches a domain's description, or reads one from a file, checks it as a linter would, and says in
// words what the domain offers; or writes a new one by asking.
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { freshSeconds } from '../../../client/freshness.ts';
import { descriptionUrl } from '../../../client/descriptions.ts';
import type { SafeFetch } from '../../../evidence/safe-fetch.ts';
import { lintDescription, type Finding } from '../../../protocol/description-lint.ts';
import { isDomain, isLocal, parseDomain } from '../../../protocol/domain.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { parseJsonObject } from '../../../protocol/json.ts';
import { parseUtf8 } from '../../../protocol/wire.ts';
import { systemClock } from '../clock.ts';
import { openOutside, openSandboxOutside } from '../outside.ts';
import { readNamed } from '../paths.ts';
import { readSetup, sandboxPort } from './asking.ts';
import { writeNewDescription } from './describe-new.ts';
import { countFindings, formatDescription, formatFinding, type PlacedFinding } from './describe-text.ts';
import { EXIT } from './exit.ts';
import { findPlace, findSyntaxFault, formatPointer } from './json-places.ts';
import type { Terminal } from './program.ts';

const EXAMPLES = `
Examples:
  $ whereabouts describe bobchat.localhost          the sandbox
  $ whereabouts describe bob.chat --json
  $ whereabouts describe ./whereabouts.json         before it is served; --domain where the file has none yet
  $ whereabouts describe --new bob.chat --keys keys.json > whereabouts.json

Each finding has its line and column, its place (a JSON pointer), and the reason. An error is against the rules, a warning
will not do what was meant, a note says what follows. --new asks one question after the other on standard error; answers may
also come as lines of standard input. With --keys it lists and signs with the signing key of a keys file.

Exits with 4 when the description breaks a rule, 3 when the domain cannot be reached.`;

interface Options {
  readonly json?: true;
  readonly config?: string;
  readonly port?: string;
  readonly domain?: string;
  readonly new?: true;
  readonly keys?: string;
  readonly out?: string;
}

/** A description's text, where it came from, and what is to be said about how it came. */
interface Source {
  readonly domain: string;
  readonly from: string;
  readonly text: string;
  readonly findings: readonly Finding[];
}

export function describeCommand(terminal: Terminal): Command {
  return new Command('describe')
    .summary('fetch and check a domain’s description, or write one')
    .description('Fetches https://<domain>/.well-known/whereabouts under the rules, checks it and says what it offers.')
    .argument('[source]', 'a domain, or a file')
    .option('--json', 'print findings and the description as it was accepted')
    .option('--domain <domain>', 'domain that a file is for (default: what it says itself)')
    .option('--new', 'write a description by asking')
    .option('--keys <file>', 'with --new: keys file to list and sign with')
    .option('--out <file>', 'with --new: file to make (default: standard output)')
    .option('--config <file>', 'configuration file')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .addHelpText('after', EXAMPLES)
    .action(async (source: string | undefined, options: Options) => {
      if (options.new === true) return writeNewDescription(terminal, source, options);
      if (source === undefined)
        throw new WhereaboutsError('request-invalid', 'a domain or a file is needed; see --help');
      await check(terminal, await readSource(terminal, source, options), options);
    });
}

async function check(terminal: Terminal, source: Source, options: Options): Promise<void> {
  const { text, domain, from } = source;
  const now = Math.floor(systemClock() / 1000);
  const { description, findings } = await lintDescription(text, domain, { sandbox: isLocal(domain), now });
  const placed = [...source.findings, ...findings].map((finding) => findPosition(finding, text));
  const valid = !placed.some(({ severity }) => severity === 'error');
  if (options.json === true) {
    const told = placed.map(({ severity, place, reason, position }) => ({
      severity,
      pointer: formatPointer(place),
      ...position,
      reason,
    }));
    terminal.print(JSON.stringify({ domain, from, valid, findings: told, description }));
  } else {
    if (description !== undefined) terminal.print(`${formatDescription(description, terminal.style)}\n`);
    for (const finding of placed) terminal.print(formatFinding(finding, terminal.style));
    terminal.print(`${placed.length === 0 ? '' : '\n'}${from}: ${countFindings(placed)}`);
  }
  terminal.leave(valid ? EXIT.done : EXIT.refused);
}

/** A fault of the whole text may be one of its syntax, which has a place of its own. */
function findPosition(finding: Finding, text: string): PlacedFinding {
  const fault = finding.severity === 'error' && finding.place.length === 0 ? findSyntaxFault(text) : undefined;
  if (fault === undefined) return { ...finding, position: findPlace(text, finding.place) };
  const { reason, ...position } = fault;
  return { ...finding, reason: `${finding.reason}: ${reason}`, position };
}

async function readSource(terminal: Terminal, source: string, options: Options): Promise<Source> {
  if (!isDomain(source) || existsSync(source)) {
    // What is neither is somebody's mistake, and may be somebody's number: it is not repeated.
    if (!existsSync(source)) throw new WhereaboutsError('request-invalid', 'neither a domain nor a file that is there');
    const text = readNamed(source, 'the description');
    return { domain: options.domain ?? domainIn(text), from: source, text, findings: [] };
  }
  const domain = parseDomain(source);
  const sandbox = isLocal(domain);
  const { values } = readSetup(terminal, options.config);
  const { fetch } = sandbox ? openSandboxOutside(sandboxPort(options.port, terminal.env)) : openOutside(values);
  return await fetchSource(fetch, domain, descriptionUrl(domain, sandbox));
}

/** The domain a file says it is for; what is wrong with the rest of it is told later. */
function domainIn(text: string): string {
  try {
    const { domain } = parseJsonObject(text);
    if (typeof domain === 'string' && isDomain(domain)) return domain;
  } catch {
    // Said with its place by the check itself.
  }
  return 'unknown.invalid';
}

async function fetchSource(fetch: SafeFetch, domain: string, url: string): Promise<Source> {
  const { status, headers, body } = await fetch(url, { accept: ['application/json'] });
  if (status === 404 || status === 410) throw new WhereaboutsError('provider-unknown');
  if (status !== 200) throw new WhereaboutsError('peer-unreachable', 'no description was given');
  const findings: Finding[] = [];
  const say = (severity: Finding['severity'], reason: string) => findings.push({ severity, place: [], reason });
  if (headers.get('etag') === null) say('note', 'is served without an ETag: it is read whole every time');
  if (headers.get('cache-control') === null)
    say('note', 'is served without Cache-Control: it is asked for every 300 s');
  else if (freshSeconds(headers) > 300)
    say('note', `is kept for ${freshSeconds(headers)} s: changes are seen that late`);
  try {
    return { domain, from: url, text: parseUtf8(body), findings };
  } catch (cause) {
    throw new WhereaboutsError('description-invalid', 'the description is not UTF-8', { cause });
  }
}
