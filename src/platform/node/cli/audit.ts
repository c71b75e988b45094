// `whereabouts audit`: replays a directory's log from its first epoch, or from where the last run stopped, and says whether
// everything in it follows from what was changed. With a key of its own it cosigns what it could recompute.
import { Command } from 'commander';
import type { Audited } from '../../../client/auditor.ts';
import { createDescriptions } from '../../../client/descriptions.ts';
import { originOf } from '../../../client/log-pin.ts';
import { parseDomain } from '../../../protocol/domain.ts';
import { failAsSync, WhereaboutsError } from '../../../protocol/errors.ts';
import { nobleGroup } from '../../../protocol/group-noble.ts';
import { parseNote, signNote, type NoteSigner } from '../../../protocol/log/note.ts';
import { formatVkey, parseVkey } from '../../../protocol/log/vkey.ts';
import { formatHex } from '../../../protocol/wire.ts';
import { secretsOf } from '../../../server/config.ts';
import { cosignerOf, createAuditor } from '../../../server/witness-parts.ts';
import { systemClock } from '../clock.ts';
import { loadKeys } from '../keys-file.ts';
import { openOutside, openSandboxOutside } from '../outside.ts';
import { forgetAudit } from '../audit-folder.ts';
import { isSandbox, readSetup, sandboxPort, type Setup } from './asking.ts';
import { EXIT } from './exit.ts';
import type { Terminal } from './program.ts';

interface AuditOptions {
  readonly log?: string;
  readonly cosign?: true;
  readonly keys?: string;
  readonly domain?: string;
  readonly data?: string;
  readonly json?: true;
  readonly config?: string;
  readonly port?: string;
}

const EXAMPLES = `
Examples:
  $ whereabouts audit directory.example
  $ whereabouts audit directory.example --log "directory.example/whereabouts+…"     with the log's key pinned
  $ whereabouts audit directory.example --cosign --domain auditor.example | tail -1

Run it as often as you like: it goes on where it stopped. What it keeps takes 76 octets a bucket and 96 a record.
--cosign prints the checkpoint with this auditor's signature. To be asked by a directory for every epoch, serve the role
auditor (WHEREABOUTS_ROLES) instead; the two cannot share a data folder at one time.
Exit codes: 0 everything follows, 3 the log could not be read, 4 an epoch is to be refused; see \`whereabouts evidence\`.`;

export function auditCommand(terminal: Terminal): Command {
  return new Command('audit')
    .summary('replay everything a directory ever published')
    .description('Recomputes every epoch of a directory’s log, and tells the first one that does not follow.')
    .argument('<directory>', 'domain of the directory')
    .option('--log <key>', 'verifier key of the log (default: the one in the directory’s description)')
    .option('--cosign', 'print the checkpoint with the signature of this auditor')
    .option('--keys <file>', 'keys file, for --cosign')
    .option('--domain <domain>', 'domain of this auditor, for --cosign')
    .option('--data <folder>', 'folder to keep the replay in')
    .option('--json', 'print JSON')
    .option('--config <file>', 'configuration file')
    .option('--port <port>', 'port of the sandbox (default: 8080)')
    .addHelpText('after', EXAMPLES)
    .action(async (directory: string, options: AuditOptions) => {
      await audit(terminal, parseDomain(directory), options);
    });
}

async function audit(terminal: Terminal, domain: string, options: AuditOptions): Promise<void> {
  const setup = readSetup(terminal, options.config);
  const signer = options.cosign === true ? await findSigner(setup, options) : undefined;
  const sandbox = isSandbox(domain);
  const { fetch } = sandbox ? openSandboxOutside(sandboxPort(options.port, terminal.env)) : openOutside(setup.values);
  const origin = originOf(domain);
  // A sandbox begins a new log whenever its data folder is a new one.
  const forgets = sandbox && options.data === undefined;
  const data = options.data ?? setup.values.data ?? setup.folders.data;
  // Loaded when it is needed: it comes with the servers.
  const { openAudit } = await import('../witnessing.ts');
  const folder = forgets ? forgetAudit() : await openAudit(data, origin);
  const progress = terminal.progress('epochs');
  try {
    const logs = [options.log === undefined ? { domain } : { key: parsePin(options.log, origin) }];
    const descriptions = createDescriptions({ fetch, clock: systemClock, sandbox });
    const parts = { logs, descriptions, fetch, clock: systemClock };
    const auditor = createAuditor(parts, origin, folder, (done, of) => progress.to(done, of));
    try {
      const audited = await auditor.follow();
      progress.clear();
      await show(terminal, domain, audited, signer, options);
      terminal.leave(EXIT.done);
    } finally {
      progress.clear();
      await auditor.close();
    }
  } catch (error) {
    if (!(error instanceof WhereaboutsError)) throw error;
    const { epoch } = error.extensions;
    if (typeof epoch !== 'number') throw error;
    const { code, message } = error;
    if (options.json === true) terminal.print(JSON.stringify({ directory: domain, refused: epoch, code }));
    else terminal.print(`${terminal.style('red', `Epoch ${epoch} is to be refused`)}: ${message} [${code}]`);
    terminal.leave(EXIT.refused);
  } finally {
    folder.close();
  }
}

async function show(
  terminal: Terminal,
  directory: string,
  { size, root, note }: Audited,
  signer: NoteSigner | undefined,
  options: AuditOptions,
): Promise<void> {
  const { text } = parseNote(note);
  const line = signer === undefined ? undefined : await signNote(text, signer, Math.floor(systemClock() / 1000));
  if (options.json === true) {
    const signed = line === undefined || signer === undefined ? {} : { key: formatVkey(signer.key), note: note + line };
    return terminal.print(JSON.stringify({ directory, epochs: size, root: formatHex(root), ...signed }));
  }
  terminal.print(`${directory}: ${terminal.style('green', 'everything follows')}, epochs 0 to ${size - 1}`);
  if (line !== undefined) terminal.print(`\n${note}${line.trimEnd()}`);
}

async function findSigner({ values, folders }: Setup, options: AuditOptions): Promise<NoteSigner> {
  const domain = options.domain ?? values.domain;
  if (domain === undefined)
    throw new WhereaboutsError('config-invalid', '--cosign needs the domain of this auditor: --domain');
  const file = options.keys ?? values.keys ?? (values.signingKey === undefined ? folders.keys : undefined);
  return cosignerOf(await loadKeys(nobleGroup, file, secretsOf(values)), parseDomain(domain), 'auditor');
}

function parsePin(text: string, origin: string) {
  const key = failAsSync('config-invalid', '--log: not a verifier key', () => parseVkey(text));
  if (key.name !== origin) throw new WhereaboutsError('config-invalid', '--log: the key is of another log');
  return key;
}
