// A Worker that makes plans from inputs in another order, to be compared with those of Node.
import { drawPlans } from '../../client/conversation-plans.ts';

export default {
  fetch: (): Response => Response.json(drawPlans((list) => list.toReversed())),
};
