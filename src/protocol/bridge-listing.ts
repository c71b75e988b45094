// One bridge as descriptions and routing proofs list it (§8.2). Which one is taken is decided in bridge.ts.
import { z } from 'zod';
import { isDomain, isServiceUrl } from './domain.ts';
import { text } from './token/claims.ts';

/** Where a bridge runs: with an operator, or in one of three ways with the person it belongs to. */
export type Placement = 'server' | 'client' | 'local' | 'p2p';

export interface Bridge {
  readonly id?: string;
  /** Networks it serves: domains, common languages, or `*`. */
  readonly from: readonly string[];
  readonly protocol: string;
  readonly endpoint?: string;
  readonly placement: Placement;
  readonly encryption: 'native' | 're-encrypted' | 'none';
  /** What it is attached to: domains and common languages such as `matrix`. */
  readonly networks?: readonly string[];
  readonly operator?: string;
  readonly features?: readonly string[];
  /** Among equals the lower goes first. */
  readonly priority?: number;
  readonly health?: string;
  readonly for?: readonly string[];
}

/** The members of a bridge and their forms; `sandbox` lets URLs be http to `*.localhost`. */
export function bridgeMembers(sandbox: boolean) {
  const url = z.string().refine((value) => isServiceUrl(value, { sandbox }), 'not an https URL');
  return {
    id: text.exactOptional(),
    from: z.array(text).min(1),
    protocol: text,
    endpoint: url.exactOptional(),
    placement: z.enum(['server', 'client', 'local', 'p2p']),
    encryption: z.enum(['native', 're-encrypted', 'none']),
    networks: z.array(text).exactOptional(),
    operator: z.string().refine(isDomain, 'not a domain').exactOptional(),
    features: z.array(text).exactOptional(),
    priority: z.int().exactOptional(),
    health: url.exactOptional(),
    for: z.array(text).exactOptional(),
  };
}
