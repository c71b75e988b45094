// An instance as a process of its own, for the parent to kill: options first, then one deposit after the other.
import { openInstance, type CopyBreak, type Instance, type InstanceOptions } from './fault-instance.ts';

/** What the parent says. */
export type Order =
  | { readonly open: InstanceOptions }
  | { readonly breakCopy: CopyBreak }
  | { readonly deposit: Parameters<Instance['deposit']>[0] };

let instance: Instance | undefined;
process.on('message', (order: Order) => {
  void (async () => {
    if ('open' in order) {
      instance = await openInstance(order.open);
      process.send?.('open');
    } else if ('breakCopy' in order) {
      void instance?.breakCopy(order.breakCopy);
      process.send?.('broken');
    } else process.send?.((await instance?.deposit(order.deposit)) ?? 'not open');
  })();
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
