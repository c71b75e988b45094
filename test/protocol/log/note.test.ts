// Notes, verifier keys, cosignatures and checkpoints: foreign vectors and what they leave out.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { formatCheckpoint, parseAnyCheckpoint, parseCheckpoint } from '../../../src/protocol/log/checkpoint.ts';
import { sha256 } from '../../../src/protocol/log/hash.ts';
import { cosignatureTime, formatNote, openNote, parseNote, signNote } from '../../../src/protocol/log/note.ts';
import { KEY_TYPES, createVkey, formatVkey, parseVkey, type KeyType } from '../../../src/protocol/log/vkey.ts';
import { concat, formatBase64, formatHex, parseBase64, parseHex, utf8 } from '../../../src/protocol/wire.ts';
import { base64, codeOf, foreignTest } from './support.ts';
import { importSigner } from './signers.ts';

describe('foreign', () => {
  interface Notes {
    seed_keys: { skey: string; vkey: string; sign_text: string; sign_output: string }[];
    bad_vkeys: string[];
    sign_errors: { text: string }[];
    open: {
      name: string;
      note?: string;
      note_base64?: string;
      vkeys: string[];
      ok: boolean;
      verified?: string[];
      unverified?: string[];
    }[];
  }
  foreignTest<Notes>('signed-note.json', 'notes', async (vector) => {
    for (const c of vector.open) {
      const note = c.note ?? base64(c.note_base64 ?? '');
      if (!c.ok) {
        expect(await codeOf(() => openNote(note, c.vkeys.map(parseVkey))), c.name).toBe('checkpoint-invalid');
        continue;
      }
      const opened = await openNote(note, c.vkeys.map(parseVkey));
      expect(opened.verified.map(({ key }) => key.name)).toEqual(c.verified);
      expect(opened.unverified.map(({ name }) => name)).toEqual(c.unverified);
    }
    expect(vector.open.length).toBe(8);
    for (const { skey, vkey, sign_text, sign_output } of vector.seed_keys) {
      const signer = await importSigner(vkey, base64(skey.split('+').slice(4).join('+')).subarray(1));
      expect(formatNote(sign_text, [await signNote(sign_text, signer)])).toBe(sign_output);
      for (const { text } of vector.sign_errors) await expect(signNote(text, signer)).rejects.toThrow(RangeError);
      // "every proper substring of the PeterNeumann vkey, and every single-byte increment of it, must be rejected"
      const bad = [...vector.bad_vkeys];
      for (let from = 0; from < vkey.length; from++)
        for (let to = from; to <= vkey.length; to++) if (to - from < vkey.length) bad.push(vkey.slice(from, to));
      for (let i = 0; i < vkey.length; i++)
        bad.push(vkey.slice(0, i) + String.fromCharCode(vkey.charCodeAt(i) + 1) + vkey.slice(i + 1));
      for (const text of new Set(bad)) expect(await codeOf(() => parseVkey(text)), text).toBe('vkey-invalid');
      expect(bad.length).toBeGreaterThan(2000);
    }
  });

  interface Keys {
    vkeys: { vkey: string; type?: number; ok: boolean }[];
    key_ids: { name: string; ed25519_pkcs8_pem_b64: string; type: KeyType; key_id_uint32: number }[];
    cosignature_timestamp: { sig_base64: string; unix?: number }[];
    cosigned_checkpoints: { checkpoint: string; cosigner_vkeys: string[]; expect_timestamp: number }[];
  }
  foreignTest<Keys>('vkeys-and-cosignatures.json', 'verifier keys and cosignatures', async (vector) => {
    for (const { vkey, type, ok } of vector.vkeys) {
      expect(await codeOf(() => parseVkey(vkey)), vkey).toBe(ok ? 'accepted' : 'vkey-invalid');
      if (ok) expect(parseVkey(vkey).type).toBe(type);
      if (ok) expect(formatVkey(parseVkey(vkey))).toBe(vkey);
    }
    expect(vector.vkeys.length).toBe(6);
    for (const { sig_base64, unix } of vector.cosignature_timestamp) {
      const time = await codeOf(() => cosignatureTime(base64(sig_base64).subarray(4)));
      expect(time).toBe(unix === undefined ? 'request-invalid' : 'accepted');
      if (unix !== undefined) expect(cosignatureTime(base64(sig_base64).subarray(4))).toBe(unix);
    }
    expect(vector.cosignature_timestamp.length).toBe(2);
    for (const { checkpoint, cosigner_vkeys, expect_timestamp } of vector.cosigned_checkpoints) {
      const { verified, text } = await openNote(checkpoint, cosigner_vkeys.map(parseVkey));
      expect(verified.map(({ time }) => time)).toEqual(cosigner_vkeys.map(() => expect_timestamp));
      const other = checkpoint.replace('\n300\n', '\n301\n');
      expect(await codeOf(() => openNote(other, cosigner_vkeys.map(parseVkey)))).toBe('checkpoint-invalid');
      expect(parseCheckpoint(text).size).toBe(300);
    }
    expect(vector.cosigned_checkpoints.length).toBe(2);
    for (const { name, ed25519_pkcs8_pem_b64, type, key_id_uint32 } of vector.key_ids) {
      const signer = await importSigner(name, base64(ed25519_pkcs8_pem_b64).subarray(-32), type);
      expect(Number.parseInt(signer.key.id, 16)).toBe(key_id_uint32);
    }
  });

  interface Checkpoints {
    cases: {
      text: string;
      strict: boolean;
      why?: string;
      origin?: string;
      size?: number;
      root_is_leafhash_of?: string;
    }[];
  }
  foreignTest<Checkpoints>('checkpoint.json', 'checkpoints', async ({ cases }) => {
    for (const c of cases) {
      expect(await codeOf(() => parseCheckpoint(c.text)), c.why ?? '').toBe(
        c.strict ? 'accepted' : 'checkpoint-invalid',
      );
      if (!c.strict) continue;
      const checkpoint = parseCheckpoint(c.text);
      expect(checkpoint).toMatchObject({ origin: c.origin, size: c.size });
      expect(formatHex(checkpoint.root)).toBe(
        formatHex(sha256(concat(Uint8Array.of(0), utf8(c.root_is_leafhash_of ?? '')))),
      );
      expect(formatCheckpoint(checkpoint)).toBe(c.text);
    }
    expect(cases.length).toBe(8);
  });
});

describe('notes', async () => {
  const text = 'example.com/log\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n';
  const seed = sha256(utf8('a key of these tests'));
  const signer = await importSigner('example.com/log', seed);
  const witness = await importSigner('example.com/witness', seed, KEY_TYPES.cosignature);
  const line = await signNote(text, signer);
  const cosignature = await signNote(text, witness, 1_790_000_000);

  test('a signature and a cosignature by one key are two things', async () => {
    const { verified } = await openNote(formatNote(text, [line, cosignature]), [signer.key, witness.key]);
    expect(verified.map(({ key, time }) => [key.name, time])).toEqual([
      ['example.com/log', undefined],
      ['example.com/witness', 1_790_000_000],
    ]);
    await expect(signNote(text, signer, 1)).rejects.toThrow(RangeError);
    await expect(signNote(text, witness)).rejects.toThrow(RangeError);
  });

  test('a second line of a key counts for nothing, and spoils the note if it is broken', async () => {
    const twice = await openNote(formatNote(text, [cosignature, cosignature]), [witness.key]);
    expect(twice.verified.length).toBe(1);
    const at = cosignature.length - 10;
    const broken = cosignature.slice(0, at) + (cosignature[at] === 'A' ? 'B' : 'A') + cosignature.slice(at + 1);
    expect(await codeOf(() => openNote(formatNote(text, [cosignature, broken]), [witness.key]))).toBe(
      'checkpoint-invalid',
    );
    expect(await codeOf(() => openNote(formatNote(text, [line, broken]), [signer.key]))).toBe('accepted');
  });

  test('a line is that of a key only by name and id: under another of either it is passed over, however broken', async () => {
    const [, name = '', base = ''] = line.trimEnd().split(' ');
    const octets = parseBase64(base);
    const broken = (of: string, id: Uint8Array) =>
      `— ${of} ${formatBase64(
        concat(
          id,
          octets.subarray(4).map((octet) => octet ^ 1),
        ),
      )}\n`;
    const id = octets.subarray(0, 4);
    const other = id.map((octet) => octet ^ 1);
    const open = (more: string) => openNote(formatNote(text, [line, more]), [signer.key]);
    for (const more of [broken('other.example', id), broken(name, other)])
      expect((await open(more)).unverified.map((signature) => signature.line)).toEqual([more]);
    expect(await codeOf(() => open(broken(name, id)))).toBe('checkpoint-invalid');
  });

  test('the time of a cosignature is signed', async () => {
    const [dash, name, base] = cosignature.trimEnd().split(' ');
    const octets = parseBase64(base ?? '');
    octets[11] = (octets[11] ?? 0) ^ 1;
    const moved = `${dash} ${name} ${Buffer.from(octets).toString('base64')}\n`;
    expect(await codeOf(() => openNote(formatNote(text, [moved]), [witness.key]))).toBe('checkpoint-invalid');
  });

  test.each([
    ['no text', `\n${line}`],
    ['carriage returns', formatNote(text, [line]).replaceAll('\n', '\r\n')],
    ['a control character', formatNote(`\u0007${text}`, [line])],
    ['a lone surrogate', formatNote(`\ud800${text}`, [line])],
    ['a tab between name and signature', formatNote(text, [line.replace('log ', 'log\t')])],
    ['two spaces', formatNote(text, [line.replace('— ', '—  ')])],
    ['a hyphen for the dash', formatNote(text, [line.replace('—', '-')])],
    ['something after the signature', formatNote(text, [line.replace('\n', ' x\n')])],
    ['base64 without padding', formatNote(text, [line.replace('=\n', '\n')])],
    ['a signature of four octets', formatNote(text, ['— example.com/log AAAAAA==\n'])],
    ['a plus in the name', formatNote(text, [line.replace('example.com', 'example+com')])],
    [
      'too many lines',
      formatNote(
        text,
        Array.from({ length: 65 }, () => line),
      ),
    ],
    ['an empty line after the signatures', `${formatNote(text, [line])}\n`],
  ])('%s is refused', async (_, note) => {
    expect(await codeOf(() => openNote(note, [signer.key]))).toBe('checkpoint-invalid');
  });

  test('text may hold empty lines; the last one separates', () => {
    expect(parseNote(formatNote(`a\n\n${text}`, [line])).text).toBe(`a\n\n${text}`);
  });

  test('a key of another type under a known name and id', async () => {
    const key = createVkey('example.com/log', KEY_TYPES.treeHead, parseHex('00', 1));
    const note = formatNote(text, [`— ${key.name} ${Buffer.from(`${key.id}00`, 'hex').toString('base64')}\n`]);
    expect(await codeOf(() => openNote(note, [key]))).toBe('checkpoint-invalid');
  });

  test('keys of small order, non-canonical keys and unusable names are none', async () => {
    const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
    const usable = new Uint8Array(Buffer.from(x, 'base64url'));
    const identity = new Uint8Array(32).fill(1, 0, 1);
    const spelledTwice = new Uint8Array(32).fill(0xff).fill(0xee, 0, 1).fill(0x7f, 31);
    for (const type of [KEY_TYPES.ed25519, KEY_TYPES.cosignature]) {
      expect(await codeOf(() => createVkey('a', type, usable))).toBe('accepted');
      for (const key of [new Uint8Array(32), identity, spelledTwice, usable.subarray(1)])
        expect(await codeOf(() => createVkey('a', type, key))).toBe('vkey-invalid');
      for (const name of ['', 'a b', 'a+b', 'a\u00a0b', 'a\nb', 'a\u0085'])
        expect(await codeOf(() => createVkey(name, type, usable))).toBe('vkey-invalid');
    }
  });

  test('a verifier key under another id than its own is none', async () => {
    const { name, id } = signer.key;
    const vkey = formatVkey(signer.key);
    expect(parseVkey(vkey)).toEqual(signer.key);
    for (const other of ['00000000', id.toUpperCase().replace(/^[0-9]/, 'A'), id.slice(1), ''])
      expect(await codeOf(() => parseVkey(vkey.replace(`${name}+${id}`, `${name}+${other}`)))).toBe('vkey-invalid');
  });

  test('extension lines: read by a witness, refused by a client', async () => {
    const extended = `${text}extension\n`;
    expect(parseAnyCheckpoint(extended).extensions).toEqual(['extension']);
    expect(await codeOf(() => parseCheckpoint(extended))).toBe('checkpoint-invalid');
    expect(await codeOf(() => parseAnyCheckpoint(`${text}\n`))).toBe('checkpoint-invalid');
  });
});
