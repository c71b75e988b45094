// Loads libsodium (WebAssembly) and checks it before anybody trusts it. Where it cannot be had or computes something else, noble
// does the same more slowly.
import type { Group, GroupSource } from '../protocol/group.ts';
import { verifyGroup } from '../protocol/group-check.ts';
import { nobleGroup } from '../protocol/group-noble.ts';
import { createSodiumGroup } from '../protocol/group-sodium.ts';

/** Rejects where WebAssembly is forbidden, the module is missing or the check fails. `module`: compiled beforehand. */
export async function loadSodiumGroup(module?: object): Promise<Group> {
  const { default: load } = await import('libsodium-sumo');
  // The library never says so itself where a module given to it cannot be used.
  const refused = Promise.withResolvers<never>();
  const sodium = await Promise.race([
    refused.promise,
    load({
      getRandomValue: () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0,
      ...(module !== undefined && {
        instantiateWasm: (imports, done) => {
          WebAssembly.instantiate(module, imports)
            .then((instance) => done(instance, module))
            .catch(refused.reject);
          return {};
        },
      }),
    }),
  ]);
  const group = createSodiumGroup(sodium);
  verifyGroup(group, nobleGroup);
  return group;
}

/** The fastest group there is; `onFallback` is told once why it is noble. */
export function openGroup(onFallback: (reason: string) => void, module?: object): Promise<Group> {
  return loadSodiumGroup(module).catch((error: unknown) => {
    onFallback(error instanceof Error ? error.name : 'unknown');
    return nobleGroup;
  });
}

/** How many elements are worth loading WebAssembly for: an address book is, a few look-ups are not. */
export const WORTH_LOADING = 16;

/** Noble until `from` elements were asked for, which is quicker than loading another; from then on the fastest there is. */
export function lazyGroup(onFallback: (reason: string) => void, from: number): GroupSource {
  let seen = 0;
  let opened: Promise<Group> | undefined;
  return (elements) => {
    seen += elements;
    return seen < from ? nobleGroup : (opened ??= openGroup(onFallback));
  };
}
