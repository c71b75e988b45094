// `whereabouts chain import`: what a document of another identity system says, replayed and verified here, and what it offers.
// Offers only: it writes into no chain.
import { open } from 'node:fs/promises';
import { stdin } from 'node:process';
import { Command } from 'commander';
import { fetchAsp } from '../../../evidence/asp/fetch.ts';
import { importAsp } from '../../../evidence/asp/profile.ts';
import { fetchPlcLog } from '../../../evidence/did/resolve.ts';
import { importKeybase } from '../../../evidence/keybase/import.ts';
import type { Foreign, Offered } from '../../../evidence/offer.ts';
import { replayPlc } from '../../../evidence/plc/audit-log.ts';
import { refusedAs } from '../../../evidence/refusal.ts';
import { WhereaboutsError } from '../../../protocol/errors.ts';
import { parseJson, type Json } from '../../../protocol/json.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import { concat, parseUtf8 } from '../../../protocol/wire.ts';
import { systemClock } from '../clock.ts';
import { openOutside, openSandboxOutside, type Outside } from '../outside.ts';
import { isSandbox, readSetup, sandboxPort } from './asking.ts';
import { EXIT } from './exit.ts';
import type { Terminal } from './program.ts';

interface ImportOptions {
  readonly json?: boolean;
  readonly eldest?: string;
  readonly port?: string;
  readonly config?: string;
}

/** What is printed of an import, in this order. */
interface Found {
  readonly title: string;
  readonly lines: readonly string[];
  readonly accounts: readonly Offered[];
  readonly foreign: readonly Foreign[];
  readonly valid: string;
  readonly json: object;
}

const EXAMPLES = `
Examples:
  $ whereabouts chain import keybase saved.json
  $ whereabouts chain import keybase - < saved.json
  $ whereabouts chain import plc did:plc:ewvi7nxzyoun6zhxrhs64oiz
  $ whereabouts chain import asp aspe:keyoxide.org:QPRGVPJNWDXH4ESK2RYDTZJLTE

Accounts are offered as their owner claims them; each is still to be checked where it is.
Exit codes: 0 it holds, 1 there is none, 2 usage, 3 unreachable, 4 it does not hold.`;

export function chainImportCommand(terminal: Terminal): Command {
  return new Command('import')
    .summary('verify what another identity system says')
    .description(
      'Replays a Keybase chain, a did:plc log or an Ariadne profile, and shows the keys and accounts it ties together.',
    )
    .argument('<system>', 'keybase, plc or asp')
    .argument('<source>', 'a file, - for standard input, a did:plc or an aspe: address')
    .option('--eldest <kid>', 'Keybase: the eldest key of the account now, where you know it')
    .option('--json', 'print JSON')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .option('--config <file>', 'configuration file')
    .addHelpText('after', EXAMPLES)
    .action(async (system: string, source: string, options: ImportOptions) => {
      const read = Object.hasOwn(SYSTEMS, system) ? SYSTEMS[system] : undefined;
      if (read === undefined) throw new WhereaboutsError('config-invalid', 'the system must be keybase, plc or asp');
      const found = await read(source, options, terminal);
      if (found === undefined) {
        terminal.note('whereabouts: nothing there');
        return terminal.leave(EXIT.absent);
      }
      if (options.json === true) terminal.print(JSON.stringify(found.json, undefined, 2));
      else show(found, terminal);
    });
}

type Read = (source: string, options: ImportOptions, terminal: Terminal) => Promise<Found | undefined>;

const SYSTEMS: Readonly<Record<string, Read>> = { keybase: readKeybase, plc: readPlc, asp: readAsp };

async function readKeybase(source: string, { eldest }: ImportOptions): Promise<Found> {
  const found = await importKeybase(await readSource(source), eldest === undefined ? {} : { eldest });
  const { username, uid, keys, encryptionKeys, revokedKeys, links, resets, tail } = found;
  return {
    title: `Keybase: keys that call themselves ${username} (${uid})`,
    lines: [
      ...keys.map((kid) => `key       ${kid}`),
      ...encryptionKeys.map((kid) => `encrypts  ${kid}`),
      ...revokedKeys.map((kid) => `revoked   ${kid}`),
      `links     ${links.counted} count, ${links.stubbed} left out, ${links.sha1} signed over SHA-1, ${resets.length} resets`,
    ],
    accounts: found.accounts,
    foreign: found.foreign,
    valid:
      tail === undefined
        ? 'no links: only the key names the user; not fresh'
        : `valid up to its tail, link ${tail.seqno} of ${day(tail.time)}; not fresh`,
    json: found,
  };
}

async function readPlc(source: string, options: ImportOptions, terminal: Terminal): Promise<Found | undefined> {
  const fetched = source.startsWith('did:');
  const log: Json | undefined = fetched
    ? await fetchPlcLog(source, { fetch: openNetwork(false, options, terminal).fetch })
    : parseLog(await readSource(source));
  if (log === undefined) return undefined;
  const state = replayPlc(log, fetched ? source : firstDid(log));
  const { did, data, operations, nullified, head } = state;
  return {
    title: did,
    lines: [
      ...(data === undefined ? ['ended'] : []),
      ...Object.entries(data?.verificationMethods ?? {}).map(([name, key]) => `key       ${key} (${name})`),
      ...(data?.rotationKeys ?? []).map((key) => `rotation  ${key}`),
      ...Object.values(data?.services ?? {}).map(({ type, endpoint }) => `service   ${endpoint} (${type})`),
      `log       ${operations} operations, ${nullified} undone`,
    ],
    accounts: [],
    foreign: (data?.alsoKnownAs ?? []).map((account) => ({ service: 'also known as', account })),
    valid: `valid up to its last operation, of ${day(head.time)} as the directory says; ${fetched ? 'as the directory gave it now' : 'not fresh'}`,
    json: state,
  };
}

async function readAsp(source: string, options: ImportOptions, terminal: Terminal): Promise<Found | undefined> {
  const now = Math.floor(systemClock() / 1000);
  const [, domain] = /^aspe:([^:]+):/.exec(source) ?? [];
  const found =
    domain === undefined
      ? await importAsp(parseUtf8(await readSource(source)).trim(), { now })
      : await fetchAsp(source, { fetch: openNetwork(isSandbox(domain), options, terminal).fetch, now });
  if (found === undefined) return undefined;
  return {
    title: `Ariadne profile ${found.fingerprint}: ${found.name}`,
    lines: domain === undefined ? [] : [`found at  ${domain}, which is in nobody’s signature`],
    accounts: found.accounts,
    foreign: found.foreign,
    valid: found.expires === undefined ? 'without an end' : `until ${day(found.expires)}`,
    json: found,
  };
}

function openNetwork(sandbox: boolean, options: ImportOptions, terminal: Terminal): Outside {
  if (sandbox) return openSandboxOutside(sandboxPort(options.port, terminal.env));
  return openOutside(readSetup(terminal, options.config).values);
}

const parseLog = (document: Uint8Array): Json => refusedAs('syntax', () => parseJson(document));

/** A log names its DID in each entry; which it is, its first operation proves. */
function firstDid(log: Json): string {
  const first = Array.isArray(log) ? log[0] : undefined;
  const did = typeof first === 'object' && first !== null && !Array.isArray(first) ? first['did'] : undefined;
  return typeof did === 'string' ? did : '';
}

/** A file or standard input, up to what an import may be. */
async function readSource(source: string): Promise<Uint8Array> {
  try {
    const stream = source === '-' ? stdin : (await open(source)).createReadStream();
    const parts: Uint8Array[] = [];
    let octets = 0;
    for await (const part of stream as AsyncIterable<Uint8Array>) {
      parts.push(part);
      octets += part.length;
      if (octets > LIMITS.importOctets) break;
    }
    return concat(...parts);
  } catch (cause) {
    throw new WhereaboutsError('config-invalid', 'the document cannot be read', { cause });
  }
}

const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

/** Text of strangers: nothing in it may move the cursor or turn the line around. */
const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd');

function show({ title, lines, accounts, foreign, valid }: Found, { print, style }: Terminal): void {
  print(style('bold', plain(title)));
  for (const line of lines) print(`  ${plain(line)}`);
  const since = (time: number | undefined) => (time === undefined ? '' : `  since ${day(time)}`);
  if (accounts.length > 0) print('Accounts it claims, each still to be checked:');
  for (const { service, account, since: time } of accounts)
    print(`  ${style('green', `${service}:${account}`)}${since(time)}`);
  if (foreign.length > 0) print('Elsewhere:');
  for (const { service, account, since: time } of foreign) print(`  ${plain(`${service}: ${account}`)}${since(time)}`);
  print(style('yellow', valid));
}
