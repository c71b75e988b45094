// How large the Worker is as it is uploaded: what wrangler builds for production, each part compressed as it crosses the wire.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { print, type Line } from './measure.ts';

export async function benchBundle(): Promise<Record<string, Line[]>> {
  const out = mkdtempSync(path.join(tmpdir(), 'whereabouts-bundle-'));
  try {
    execFileSync('npx', ['wrangler', 'deploy', '--dry-run', '--minify', '--outdir', out], { stdio: 'ignore' });
    const files = readdirSync(out).filter((name) => /\.(?:js|wasm)$/.test(name));
    const sizes = files.map((name) => ({ name, octets: gzipSync(readFileSync(path.join(out, name))).length }));
    const total = sizes.reduce((sum, { octets }) => sum + octets, 0);
    const title = `Worker bundle, gzip: ${(total / 1024).toFixed(0)} KiB (${sizes.map(({ name, octets }) => `${name} ${(octets / 1024).toFixed(0)}`).join(', ')})`;
    const lines = [{ name: 'KiB', perSecond: total / 1024, ratio: 1 }];
    print(title, lines);
    return { [title]: lines };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
