// An issuer's door on Workers, as a provider writes it: its own accounts, and the rest of the project's.
import { createWorker } from '../../src/platform/workers/worker.ts';

export default createWorker({
  accounts: {
    authenticate: async (request) =>
      request.headers.get('authorization') === 'Bearer of-bobs-session' ? { id: 'bob' } : undefined,
    owns: async (_account, identifier) =>
      identifier === 'tel:+442079460321' ? { address: '@bob:bob.example', amr: ['sms'] } : undefined,
  },
});
