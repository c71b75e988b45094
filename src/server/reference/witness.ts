// A witness's and an auditor's API for the reference (c2sp.org/tlog-witness).
import { z } from 'zod';
import { LIMITS } from '../../protocol/limits.ts';
import { PREFIX, type WitnessContext } from '../witness/add-checkpoint.ts';
import { COMMON, DESCRIPTION } from './every-role.ts';
import { TEXT, type Operation, type Reply } from './operation.ts';

const line = (description: string): Reply => ({ description, type: TEXT, schema: z.string() });

/** What a cosigner of this kind serves. */
export const witnessOperations = (role: WitnessContext['role']): readonly Operation[] => [
  {
    method: 'post',
    path: `${PREFIX[role]}/add-checkpoint`,
    id: 'addCheckpoint',
    clause: '6.7',
    summary: 'Cosign a checkpoint',
    description:
      role === 'witness'
        ? 'Signed if it is consistent with what was signed before.'
        : 'Signed if every epoch up to it follows from the changes it lists.',
    refusal: 'witness',
    body: {
      type: 'text/plain',
      schema: z.string(),
      example: 'old 6\n0Srsit4Q9ZfALVBobrsPMgofhNWMItkkdUEMwz+CeJQ=\n\ndirectory.example/whereabouts\n7\n…',
      most: LIMITS.requestOctets,
    },
    replies: {
      200: line('The cosignature line.'),
      400: line('The old size is larger than the checkpoint’s.'),
      403: line('No signature by a key trusted for this log.'),
      404: line('A log this witness does not know.'),
      409: { description: 'The size last signed.', type: 'text/x.tlog.size', schema: z.string(), example: '6\n' },
      422: line('The proof does not hold, or an auditor refuses an epoch.'),
    },
  },
  DESCRIPTION,
  ...COMMON,
];
