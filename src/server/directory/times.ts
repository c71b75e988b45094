// Seconds of the directory's clock, and how long marks are kept.
import type { Context } from '../context.ts';
import { LIMITS } from '../../protocol/limits.ts';

const DAY = 86_400;

/** The present in whole seconds since 1970. */
export const nowSeconds = (ctx: Context): number => Math.floor(ctx.clock() / 1000);

/** End of a mark made at `now`: a token may be dated ahead by the clock skew and lives that much longer (§5.2). */
export const markUntil = (now: number): number => now + LIMITS.replaySeconds + LIMITS.clockSkewSeconds;

/** When an attestation deposited at `now` is first asked about (§4.1): at a random time, so that nobody can tell when. */
export const firstRecheck = (ctx: Context, now: number): number => now + randomSeconds(ctx, DAY);

/** And when once more: about a day later. */
export const nextRecheck = (ctx: Context, now: number): number => now + DAY / 2 + randomSeconds(ctx, DAY);

function randomSeconds({ random }: Context, below: number): number {
  const octets = random(4);
  return new DataView(octets.buffer, octets.byteOffset).getUint32(0) % below;
}

/** The latest end of any attestation that exists at `now`. */
export const tokenUntil = (now: number): number => now + LIMITS.clockSkewSeconds + LIMITS.tokenLifeSeconds;
