// A witness cosigns a checkpoint (c2sp.org/tlog-witness): judged, remembered for good, and only then signed. What it decides
// is protocol/log/witness.ts; where it remembers is its memory's affair.
import { WhereaboutsError, type Code } from '../../protocol/errors.ts';
import { formatHex } from '../../protocol/wire.ts';
import { signNote, type NoteSigner } from '../../protocol/log/note.ts';
import type { NoteKey } from '../../protocol/log/vkey.ts';
import {
  judgeAddCheckpoint,
  parseAddCheckpoint,
  type WitnessState,
  type WitnessVerdict,
} from '../../protocol/log/witness.ts';
import type { Context } from '../context.ts';
import type { OwnText } from '../own-description.ts';

/** A state to be kept, always with the note it is of. */
export type KeptState = WitnessState & { readonly note: string };

/**
 * What a witness has cosigned, by origin. Kept when `replace` resolves, whatever dies afterwards; linearizable: of two
 * calls with one `before`, exactly one gives true.
 */
export interface WitnessMemory {
  find(origin: string): Promise<KeptState | undefined>;
  /**
   * Keeps `after` in place of `before`; false where another state is kept by now. An auditor's throws where it could not
   * recompute what `after` is of.
   */
  replace(origin: string, before: KeptState | undefined, after: KeptState): Promise<boolean>;
  /** Keeps two notes of one size with two roots: `known` was cosigned, `fork` never will be. */
  accuse(origin: string, known: string, fork: string): Promise<void>;
}

export interface WitnessContext extends Context {
  readonly role: 'witness' | 'auditor';
  readonly signer: NoteSigner;
  /** Keys trusted for an origin, undefined for a log it does not know. */
  readonly findKeys: (origin: string) => Promise<readonly NoteKey[] | undefined>;
  readonly memory: WitnessMemory;
  /** The domain's own description, as served at /.well-known/whereabouts. */
  readonly description: OwnText;
}

/** Where below its `url` a role takes checkpoints: a domain may play both. */
export const PREFIX = { witness: '/witness', auditor: '/auditor' } as const;

export type Cosigned = { readonly status: 200; readonly line: string } | Exclude<WitnessVerdict, { status: 200 }>;

/** What only a log that lies makes an auditor say: no other reply to it than to a proof that does not hold. */
const REFUSALS: ReadonlySet<Code> = new Set([
  'changes-invalid',
  'consistency-invalid',
  'epoch-invalid',
  'inclusion-invalid',
  'log-forked',
  'map-invalid',
]);

/** Cosigns the checkpoint of a request, or says by its status why not. Throws `request-invalid` for what is no request. */
export async function addCheckpoint(ctx: WitnessContext, body: Uint8Array): Promise<Cosigned> {
  const { memory, log } = ctx;
  const request = parseAddCheckpoint(body);
  const { origin, size, root } = request.checkpoint;
  const keys = await ctx.findKeys(origin);
  for (;;) {
    const before = keys === undefined ? undefined : await memory.find(origin);
    const verdict = await judgeAddCheckpoint(request, keys, before);
    if (verdict.status !== 200) {
      if (verdict.status === 409 && verdict.forked && before !== undefined) {
        log.error('log-forked', { origin, size });
        await memory.accuse(origin, before.note, request.note);
      }
      return verdict;
    }
    // From here on this size has one root for ever. If we die before the reply, the log asks again and is told that size.
    try {
      if (!(await memory.replace(origin, before, { size, root, note: request.note }))) continue;
    } catch (error) {
      if (!(error instanceof WhereaboutsError) || !REFUSALS.has(error.code)) throw error;
      log.error('log-refused', { origin, size, code: error.code, root: formatHex(root), ...epochOf(error) });
      return { status: 422 };
    }
    return { status: 200, line: await signNote(verdict.text, ctx.signer, Math.floor(ctx.clock() / 1000)) };
  }
}

function epochOf({ extensions }: WhereaboutsError): { epoch?: number } {
  const { epoch } = extensions;
  return typeof epoch === 'number' ? { epoch } : {};
}
