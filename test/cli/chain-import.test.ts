// `whereabouts chain import`: documents of other systems from files, standard input and a server, what is printed and how it ends.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { party, payload, sign } from '../evidence/asp-profile.ts';
import { chain, key, USERNAME } from '../evidence/keybase-chain.ts';
import { chainImportCommand } from '../../src/platform/node/cli/chain-import.ts';
import { EXIT, explain, type Exit } from '../../src/platform/node/cli/exit.ts';
import type { Terminal } from '../../src/platform/node/cli/program.ts';
import { makeHome, run } from '../support/program.ts';
import { foreignPath, NO_FOREIGN } from '../support/vectors.ts';

vi.setConfig({ testTimeout: 60_000 });

const home = makeHome();
let server: Server;
let port = '';
/** What is served below `/.well-known/aspe/id/`; nothing is a 404. */
const profiles = new Map<string, string>();

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    const found = profiles.get(path.basename(url));
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/asp+jwt' }).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? String(address.port) : '';
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  home.remove();
});

/** The command in this process: it reads files and asks one server, and each of its own would take a second to start. */
async function from(args: readonly string[]): Promise<{ code: Exit; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  let code: Exit = EXIT.done;
  const terminal: Terminal = {
    env: {},
    style: (_as, text) => text,
    progress: () => ({ to: () => undefined, clear: () => undefined }),
    print: (text = '') => void (written.stdout += `${text}\n`),
    note: (text) => void (written.stderr += `${text}\n`),
    leave: (left) => void (code = left),
  };
  try {
    await chainImportCommand(terminal).parseAsync(args, { from: 'user' });
  } catch (error) {
    const { text, exit } = explain(error);
    terminal.note(`whereabouts: ${text}`);
    code = exit;
  }
  return { code, ...written };
}
const write = (name: string, text: string): string => {
  const file = path.join(home.folder, name);
  writeFileSync(file, text);
  return file;
};

/** Two keys, a domain and an account on GitHub. */
function ownKeybase() {
  const [first, second] = [key(1), key(2)];
  const made = chain(first);
  made.add(first, { type: 'eldest' });
  made.addSibkey(first, second);
  made.add(second, { type: 'web_service_binding', service: { name: 'github', username: 'Max32' } });
  made.add(first, { type: 'web_service_binding', service: { domain: 'max.example', protocol: 'dns' } });
  return made.document();
}

describe('keybase', () => {
  const document = ownKeybase();

  test('keys and accounts of a chain, with how far it is known to hold', async () => {
    const { code, stdout, stderr } = await from(['keybase', write('max.json', JSON.stringify(document))]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Keybase: keys that call themselves ${USERNAME}`);
    for (const kid of document.keys) expect(stdout).toContain(`  key       ${kid}\n`);
    expect(stdout).toMatch(/each still to be checked:\n {2}github:max32 .*\n {2}dns:max\.example /);
    expect(stdout).toMatch(/valid up to its tail, link 4 of 2017-05-01; not fresh\n$/);
  });

  test('standard input; a forged tail is refused as a whole, and nothing of it printed', async () => {
    const read = await run(['chain', 'import', 'keybase', '-', '--json'], home.env, JSON.stringify(document));
    expect(JSON.parse(read.stdout)).toMatchObject({ username: USERNAME, tail: { seqno: 4 }, keys: document.keys });
    const [last, ...earlier] = document.chain.toReversed();
    const forged = {
      ...last,
      sig: last?.sig ?? '',
      payload_json: last?.payload_json.replace('max.example', 'eve.example'),
    };
    const refused = await from([
      'keybase',
      write('forged.json', JSON.stringify({ ...document, chain: [...earlier.toReversed(), forged] })),
    ]);
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(/^whereabouts: .*\[import-invalid\]\n$/);
    expect(refused.stderr).not.toContain('example');
  });

  const foreign = foreignPath('keybase/chains/v2_simple.json');
  test.skipIf(foreign === undefined)(`a public one (or ${NO_FOREIGN})`, async () => {
    const { code, stdout } = await from(['keybase', foreign ?? '']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/links {5}\d+ count/)]);
  });
});

describe('did:plc', () => {
  const folder = foreignPath('did-plc/valid');
  const name = (kind: string, file: string) => foreignPath(`did-plc/${kind}/${file}`) ?? '';
  test.skipIf(folder === undefined)(`a log that holds, and one that does not (or ${NO_FOREIGN})`, async () => {
    const file = name('valid', 'log_legacy_dholms.json');
    const { code, stdout } = await from(['plc', file]);
    const [first] = JSON.parse(readFileSync(file, 'utf8')) as { did: string }[];
    expect([code, stdout.split('\n')[0]]).toEqual([0, first?.did]);
    expect(stdout).toMatch(/ {2}log {7}\d+ operations, 0 undone\n/);
    expect(stdout).toContain('  also known as: at://');
    const refused = await from(['plc', name('invalid', 'log_invalid_sig_k256_high_s.json')]);
    expect(refused).toMatchObject({ code: 4, stdout: '' });
  });

  test('what is no log', async () => {
    for (const text of ['{"did":"did:plc:x"}', 'nothing'])
      expect(await from(['plc', write('no-log.json', text)])).toMatchObject({ code: 4, stdout: '' });
  });
});

describe('Ariadne', () => {
  test('a profile from a file, and from where its address says', async () => {
    const alice = await party('EdDSA');
    // What a stranger calls himself may neither move the cursor nor turn the line around.
    const body = payload(['dns:alice.example?type=TXT', 'https://elsewhere.example/alice'], {
      'http://ariadne.id/name': 'Alice\u001b[2J\u202e',
    });
    const token = await sign(alice, body);
    const read = await from(['asp', write('alice.asp', `${token}\n`)]);
    expect(read).toMatchObject({ code: 0, stderr: '' });
    expect(read.stdout).toContain(`Ariadne profile ${alice.fingerprint}: Alice\ufffd[2J\ufffd\n`);
    expect(read.stdout).toMatch(/ {2}dns:alice\.example\nElsewhere:\n {2}https: /);

    const uri = (fingerprint: string) => ['asp', `aspe:keyoxide.localhost:${fingerprint}`, '--port', port];
    profiles.set(alice.fingerprint, token);
    const fetched = await from(uri(alice.fingerprint));
    expect(fetched).toMatchObject({ code: 0, stderr: '' });
    expect(fetched.stdout).toContain('keyoxide.localhost, which is in nobody’s signature');
    // Another's profile under his address, and none at all.
    const bob = await party('EdDSA');
    expect(await from(uri(bob.fingerprint))).toMatchObject({ code: 1, stdout: '' });
    profiles.set(bob.fingerprint, token);
    expect(await from(uri(bob.fingerprint))).toMatchObject({ code: 4, stdout: '' });
    expect(await from([...uri(alice.fingerprint).slice(0, 3), '1'])).toMatchObject({ code: 3, stdout: '' });
  });
});

test('no such system, no such file', async () => {
  expect(await from(['pgp', 'x'])).toMatchObject({ code: 2, stdout: '' });
  expect(await from(['keybase', path.join(home.folder, 'nowhere')])).toMatchObject({ code: 2, stdout: '' });
});
