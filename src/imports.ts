// What other identity systems say, replayed and verified: Keybase chains, did:plc logs, Ariadne profiles, DIDs. An entry of its
// own, `whereabouts/imports`, so that who only looks people up does not load it; OpenPGP is loaded when the first PGP key is met.
export { fetchAsp } from './evidence/asp/fetch.ts';
export { importAsp, type AspImport } from './evidence/asp/profile.ts';
export type { DidKey, DidService, ResolvedDid } from './evidence/did/document.ts';
export { formatDidKey, type Curve, type PublicKey } from './evidence/did/key.ts';
export { resolveDid, type DidContext } from './evidence/did/resolve.ts';
export { importKeybase, type KeybaseImport } from './evidence/keybase/import.ts';
export type { Foreign, Offered } from './evidence/offer.ts';
export { replayPlc, type PlcState } from './evidence/plc/audit-log.ts';
export { REASONS, type Reason } from './evidence/refusal.ts';
export { createSafeFetch, type SafeFetch, type Transport } from './evidence/safe-fetch.ts';
export { WhereaboutsError, type Code } from './protocol/errors.ts';
