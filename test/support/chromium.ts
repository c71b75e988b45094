// A real browser: CHROMIUM_PATH, then one installed on the machine, then the binary that npm ships.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export async function launchBrowser(): Promise<Browser> {
  const args = ['--no-sandbox'];
  const found = [process.env['CHROMIUM_PATH'], ...PLACES].find((file) => file !== undefined && existsSync(file));
  if (found !== undefined) return chromium.launch({ executablePath: found, args });
  const { default: packaged, inflate, setupLambdaEnvironment } = await import('@sparticuz/chromium');
  const bin = path.join(path.dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '../bin');
  // Its own nss and friends, for machines without them.
  await inflate(path.join(bin, 'al2023.tar.br'));
  setupLambdaEnvironment(path.join(tmpdir(), 'al2023', 'lib'));
  return chromium.launch({ executablePath: await packaged.executablePath(bin), args });
}
