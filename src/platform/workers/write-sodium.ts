// Writes libsodium.wasm beside this file: the module that libsodium-sumo carries as text. Workers make no code from octets, so that
// it has to be a file of the bundle. Run by wrangler before it bundles (wrangler.toml).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import load from 'libsodium-sumo';

const file = path.join(import.meta.dirname, 'libsodium.wasm');
const { instantiate } = WebAssembly;
const [octets] = await new Promise<[Uint8Array]>((resolve, reject) => {
  // What the library itself would compile.
  WebAssembly.instantiate = ((given: Uint8Array, imports: object) => {
    resolve([new Uint8Array(given)]);
    return (instantiate as unknown as (octets: Uint8Array, imports: object) => Promise<object>)(given, imports);
  }) as unknown as typeof instantiate;
  load({ getRandomValue: () => 0 }).catch(reject);
});
// Only when it is another: whoever watches files would start over.
if (!existsSync(file) || !readFileSync(file).equals(octets)) writeFileSync(file, octets);
