// What is used of libsodium-sumo, which comes without types, and of WebAssembly, of which Node's types know but the module.

declare module 'libsodium-sumo' {
  import type { Sodium } from '../protocol/group-sodium.ts';

  interface LoaderOptions {
    /** 32 random bits; the group itself never asks for any. */
    getRandomValue(): number;
    /** For platforms that make no code from bytes: gives the instance of a module compiled before. */
    instantiateWasm?(imports: object, done: (instance: WebAssembly.Instance, module: object) => void): object;
  }
  export default function load(options: LoaderOptions): Promise<Sodium>;
}

declare namespace WebAssembly {
  type Instance = object;
  function compile(octets: Uint8Array): Promise<object>;
  function instantiate(module: object, imports: object): Promise<Instance>;
}

declare module '*.wasm' {
  const module: object;
  export default module;
}
