// What the row of a conversation says: who is in it, who may report, which bridges are down, when to look again. Pure.
import type { Member } from '../../protocol/conversation/members.ts';
import type { Inputs } from '../../protocol/conversation/inputs.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { Beat, ConversationRow as Row } from '../store/conversations.ts';

export type { Row };

// Rows hold what conversation.ts wrote, and nothing else.
export const membersOf = ({ members }: Row): Member[] => JSON.parse(members) as Member[];
const inputsOf = ({ inputs }: Row): Inputs => JSON.parse(inputs) as Inputs;
export const operatorsOf = ({ operators }: Row): Record<string, string> =>
  JSON.parse(operators) as Record<string, string>;

/** Bridges that are expected to report, or may report that they are back. */
export const reporting = (row: Row): string[] => Object.keys(operatorsOf(row));

/** What a network or bridge gets to see: the plan and all it follows from. */
export function formatRow(row: Row): string {
  const own = membersOf(row).flatMap(({ network, bridges }) => bridges.map((bridge) => ({ network, bridge })));
  const previous = row.previous === null ? {} : { previous: row.previous };
  return JSON.stringify({ plan: row.plan, ...previous, inputs: inputsOf(row), own });
}

/** Who reported once is expected to go on; who fell silent is down until he has been back for as long as things are held. */
export function downNow(row: Row, beats: readonly Beat[], now: number): string[] {
  const isSilent = ({ last }: Beat): boolean => last + LIMITS.heartbeatMissedSeconds <= now;
  const isBack = ({ since }: Beat): boolean => since + LIMITS.holdDownSeconds <= now;
  const silent = beats.filter(isSilent).map(({ bridge }) => bridge);
  const back = new Set(beats.filter((one) => !isSilent(one) && isBack(one)).map(({ bridge }) => bridge));
  return [...new Set([...silent, ...inputsOf(row).down.filter((bridge) => !back.has(bridge))])];
}

/** What is looked at although nothing is due: descriptions may have changed. */
const LOOK_SECONDS = 60;

/** When something may have changed by itself. */
export function nextLook(row: Row, beats: readonly Beat[], now: number): number {
  const down = new Set(inputsOf(row).down);
  const times = beats.map(({ bridge, since, last }) =>
    down.has(bridge) ? since + LIMITS.holdDownSeconds : last + LIMITS.heartbeatMissedSeconds,
  );
  return Math.min(...[...times, row.heldUntil].filter((time) => time > now), now + LOOK_SECONDS);
}
