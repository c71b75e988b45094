// The public side of a deployment's keys, for people and for programs.
import { formatVkey } from '../../../protocol/log/vkey.ts';
import { formatNoteKey } from '../../../protocol/note-key.ts';
import { formatBase64 } from '../../../protocol/wire.ts';
import type { Keys } from '../../../server/keys.ts';
import { findCosigner } from '../../../server/witness-parts.ts';

/** A moment in seconds, as people read it. */
export const formatMoment = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

/** Public parts, for people and for programs. */
export function formatKeys(keys: Keys, domain: string | undefined): { text: string; json: object } {
  const oprf = keys.oprf.map(({ id, publicKey, until }) => ({
    id,
    publicKey: formatBase64(publicKey),
    ...(until === undefined ? {} : { until }),
  }));
  const log = domain === undefined ? undefined : formatNoteKey(`${domain}/whereabouts`, keys.log);
  const cosigning = (['witness', 'auditor'] as const).flatMap((role) => {
    const key = domain === undefined ? undefined : findCosigner(keys, domain, role)?.key;
    return key === undefined ? [] : [[role, formatVkey(key)] as const];
  });
  const lines = [
    ...oprf.map(
      ({ id, publicKey, until }) =>
        `oprf  ${id} ${publicKey}${until === undefined ? '' : ` until ${until} (${formatMoment(until)})`}`,
    ),
    `jwks  ${JSON.stringify(keys.jwks)}`,
    log === undefined ? 'log   (give --domain for the verifier key)' : `log   ${log}`,
    ...cosigning.map(([role, vkey]) => `${role} ${vkey}`),
  ];
  return {
    text: lines.join('\n'),
    json: { oprf, jwks: keys.jwks, ...(log === undefined ? {} : { log }), ...Object.fromEntries(cosigning) },
  };
}
