// Looking at claimed accounts on Node (§9.3): what is claimed is taken up every minute, what is due is looked at every ten seconds.
import type { Config, Secrets } from '../../server/config.ts';
import type { DirectoryContext } from '../../server/context.ts';
import { checkAccounts, followChains, type AccountsContext } from '../../server/directory/account-checks.ts';
import { tokensOf } from '../../server/evidence-settings.ts';
import type { Running } from './running.ts';
import { createTxtResolver } from './txt.ts';

const MINUTE = 60_000;
const OFTEN = 10_000;

/** Begins with `running`, unless the operator has switched it off. */
export function keepChecking(
  directory: DirectoryContext,
  { config, secrets, running }: { readonly config: Config; readonly secrets: Secrets; readonly running: Running },
): void {
  const { evidence } = config.directory;
  if (!evidence.isOn) return;
  const ctx: AccountsContext = {
    ...directory,
    resolveTxt: createTxtResolver(config.network.dns),
    tokens: tokensOf(evidence, secrets.evidence),
  };
  // One round at a time: a slow host does not make this process hold ever more of them.
  let isLooking = false;
  running.every(MINUTE, 'accounts-follow-failed', () => followChains(ctx));
  running.every(OFTEN, 'accounts-check-failed', async (signal) => {
    if (isLooking) return;
    isLooking = true;
    await checkAccounts(ctx, signal).finally(() => {
      isLooking = false;
    });
  });
}
