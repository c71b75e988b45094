// Door for Cloudflare Workers: directory, witness or resolver, as WHEREABOUTS_ROLES says. An issuer's door is its own, with its accounts:
// `export default createWorker({ accounts })`.
import { createWorker } from './platform/workers/worker.ts';

export default createWorker();
