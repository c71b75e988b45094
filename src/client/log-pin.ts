// Whose signatures count for a directory's log: pinned in the policy, else named by the directory's own description. Reads
// both; verifies nothing.
import { z } from 'zod';
import type { Description } from '../protocol/description.ts';
import { WhereaboutsError } from '../protocol/errors.ts';
import { formatHex } from '../protocol/wire.ts';
import { KEY_TYPES, parseVkey, type NoteKey } from '../protocol/log/vkey.ts';
import type { LogPolicy, Witness } from '../protocol/log/verify-epoch.ts';

/** What a policy demands of one directory's log. */
export interface LogPin {
  /** Verifier key of the log; the one in the directory's description unless given. */
  readonly log?: NoteKey;
  /** Witnesses known to the policy; those in the directory's description, which nobody can demand, unless given. */
  readonly witnesses?: readonly Witness[];
  /** How many of `witnesses` must have cosigned. */
  readonly quorum: number;
}

/** `<domain>/whereabouts` (§6.3). */
export const originOf = (domain: string): string => `${domain}/whereabouts`;

const vkey = (type: number) =>
  z.string().transform((text, context) => {
    try {
      const key = parseVkey(text);
      if (key.type === type) return key;
    } catch {
      // said below
    }
    context.addIssue({ code: 'custom', message: 'not a verifier key of this kind' });
    return z.NEVER;
  });

const witness = z
  .strictObject({ key: vkey(KEY_TYPES.cosignature), operator: z.string().min(1).max(256).exactOptional() })
  .readonly();

/** Distinct as §6.6 counts them: by key, and by operator where one is named. */
function countWitnesses(witnesses: readonly Witness[]): number {
  const keys = new Set(witnesses.map(({ key }) => formatHex(key.publicKey)));
  const operators = new Set(witnesses.map(({ key, operator }) => operator ?? formatHex(key.publicKey)));
  return Math.min(keys.size, operators.size);
}

/** A directory's entry in the policy's `logs`. */
export const logPin: z.ZodType<LogPin> = z
  .strictObject({
    log: vkey(KEY_TYPES.ed25519).exactOptional(),
    witnesses: z.array(witness).min(1).max(32).exactOptional(),
    quorum: z.int().min(0).default(0),
  })
  // Witnesses a directory chooses for itself vouch for nothing: whoever demands some says which.
  .refine(({ witnesses = [], quorum }) => quorum <= countWitnesses(witnesses), 'asks for more witnesses than it names');

/** The policy a directory's log is checked under; throws `vkey-invalid` where nobody says by which key it signs. */
export function logPolicy(domain: string, pin: LogPin | undefined, description: Description | undefined): LogPolicy {
  const { log = description?.directory?.log, witnesses, quorum = 0 } = pin ?? {};
  if (log === undefined) throw new WhereaboutsError('vkey-invalid', 'the directory names no key of its log');
  return {
    origin: originOf(domain),
    log: typeof log === 'string' ? parseVkey(log) : log,
    witnesses: witnesses ?? readWitnesses(description),
    quorum,
  };
}

/** The witnesses a directory names: they are counted for show. A key of a kind unknown here is none. */
function readWitnesses(description: Description | undefined): Witness[] {
  return (description?.directory?.witnesses ?? []).flatMap((text) => {
    try {
      const key = parseVkey(text);
      return key.type === KEY_TYPES.cosignature ? [{ key }] : [];
    } catch {
      return [];
    }
  });
}
