// How private a conversation is on its way (§7): the level, who besides the two people could read it, the reasons, and the
// sentence for the one who is about to write. Decides in codes; all words are in language/.
import type { Description } from './description.ts';
import type { BridgeName, Messages, ReasonCode, Reasons } from './language/messages.ts';
import type { Level, Verdict } from './levels.ts';
import { isOpen, levelOf, readersAt, worst, type Passage } from './passage.ts';
import type { Candidate, Networks } from './ways.ts';

export interface Encryption {
  readonly level: Level;
  /** Domains whose operators could read the conversation. */
  readonly readers: readonly string[];
  readonly verdict: Verdict;
  /** What the verdict rests on: how the way was chosen, then bridge by bridge, the asker's side first, then the networks. */
  readonly reasons: readonly Reason[];
  /** The verdict for people, good ones too. */
  readonly explanation: string;
  /** The same; null where there is nothing to warn of. */
  readonly warning: string | null;
}

export interface Reason {
  readonly code: ReasonCode;
  /** What the text names: domains, a protocol, features. */
  readonly about: readonly string[];
  readonly text: string;
}

export interface Judged extends Candidate {
  /** Bridges of a way that would be better if they answered. */
  readonly passedOver: readonly Passage[];
  /** Features both networks have and this way lacks. */
  readonly lost: readonly string[];
  readonly networks: Networks;
  readonly messages: Messages;
}

/** No way to connect: nothing can be said of a conversation that cannot take place. */
export function noConnection(from: string, provider: string, messages: Messages): Encryption {
  const explanation = messages.explanation.noConnection(from, provider);
  const reasons = [reason(messages, 'no-bridge', from, provider)];
  return { level: 'not-end-to-end', readers: [], verdict: 'unreachable', reasons, explanation, warning: explanation };
}

/** What a conversation over these bridges comes to: as private as the worst of them and of the two networks. */
export function judgeWay(way: Judged): Encryption {
  const { passages, messages, networks } = way;
  const said = declarations(networks);
  const plain = said.filter(({ encryption }) => encryption === 'none').map(({ domain }) => domain);
  const level = plain.length > 0 ? 'not-end-to-end' : worst(passages.map(levelOf));
  const open = passages.filter(isOpen);
  // Over a bridge without any encryption the recipient's own network can read along too.
  const isPlain = passages.some((passage) => levelOf(passage) === 'not-end-to-end');
  const readers = [...open.flatMap(readersAt), ...plain, ...(isPlain ? [networks.route.provider] : [])];
  const distinct = [...new Set(readers)].toSorted();
  const silent = said.filter(({ encryption }) => encryption === undefined).map(({ domain }) => domain);
  const explanation = explain(level, { open, readers: distinct, silent, passages }, messages);
  return {
    level,
    readers: distinct,
    verdict: distinct.length > 0 ? 'readable' : silent.length > 0 ? 'unconfirmed' : 'private',
    reasons: [...giveReasons(way, level, said)],
    explanation,
    warning: level === 'end-to-end' ? null : explanation,
  };
}

/** What a network says of its own encryption. */
interface Declaration {
  readonly domain: string;
  readonly encryption: 'end-to-end' | 'none' | undefined;
}

function declarations({ from, fromDescription, route, provider }: Networks): Declaration[] {
  const saidBy = (domain: string, description: Description | undefined): Declaration => ({
    domain,
    encryption: description?.provider?.encryption,
  });
  const theirs = saidBy(route.provider, provider ?? (from === route.provider ? fromDescription : undefined));
  return from === route.provider ? [theirs] : [saidBy(from, fromDescription), theirs];
}

interface Findings {
  readonly open: readonly Passage[];
  readonly readers: readonly string[];
  readonly silent: readonly string[];
  readonly passages: readonly Passage[];
}

function explain(level: Level, findings: Findings, { explanation }: Messages): string {
  const { open, readers, silent, passages } = findings;
  const words: Readonly<Record<Level, () => string>> = {
    'end-to-end': () => (silent.length > 0 ? explanation.undeclared(silent) : explanation.endToEnd()),
    're-encrypted-on-recipients-device': () => {
      const sides = new Set(passages.filter((passage) => levelOf(passage) === level).map(({ side }) => side));
      if (sides.size > 1) return explanation.onBothDevices();
      return sides.has('asker') ? explanation.onOwnDevice() : explanation.onRecipientsDevice();
    },
    're-encrypted-by-bridge': () => explanation.byBridges(open.toReversed().map(nameBridge), readers),
    'not-end-to-end': () => explanation.notEndToEnd(readers),
  };
  return words[level]();
}

const nameBridge = (passage: Passage): BridgeName => ({
  host: passage.host,
  operator: passage.operator,
  isSaid: readersAt(passage).length > 1,
});

function* giveReasons(way: Judged, level: Level, said: readonly Declaration[]): Generator<Reason> {
  const { passages, passedOver, lost, messages } = way;
  const give = <C extends ReasonCode>(code: C, ...about: Reasons[C]) => reason(messages, code, ...about);
  yield giveChoice(way);
  for (const { host } of passedOver) yield give('bridge-passed-over', host);
  for (const passage of passages) yield* giveBridge(passage, messages);
  for (const { domain, encryption } of said) {
    if (encryption === 'none') yield give('network-unencrypted', domain);
    // Where a bridge opens the conversation, what the networks say about the rest of it is no help.
    else if (level === 'end-to-end' || level === 're-encrypted-on-recipients-device')
      yield give(encryption === undefined ? 'network-undeclared' : 'network-encrypts', domain);
  }
  if (lost.length > 0) yield give('features-lost', ...lost);
}

/** Whose choice it was. */
function giveChoice({ source, protocol, passages, networks: { from, route }, messages }: Judged): Reason {
  if (source === 'override') return reason(messages, 'recipient-chose');
  if (source === 'advertised') return reason(messages, 'provider-advertises', route.provider, from);
  if (from === route.provider) return reason(messages, 'same-network', from);
  return passages.length === 0
    ? reason(messages, 'same-protocol', route.provider, protocol)
    : reason(messages, 'common-language', protocol);
}

function* giveBridge(passage: Passage, messages: Messages): Generator<Reason> {
  const { bridge, host, operator, side, delegation, health } = passage;
  const give = <C extends ReasonCode>(code: C, ...about: Reasons[C]) => reason(messages, code, ...about);
  switch (levelOf(passage)) {
    case 'end-to-end':
      yield give('bridge-says-native', host);
      break;
    case 're-encrypted-on-recipients-device':
      yield give(side === 'asker' ? 'reencrypted-on-own-device' : 'reencrypted-on-recipients-device');
      break;
    case 're-encrypted-by-bridge':
      yield give('reencrypted-by-bridge', host);
      break;
    case 'not-end-to-end':
      yield give('unencrypted-by-bridge', host);
  }
  if (side === 'recipient' && bridge.placement === 'local') yield give('through-recipients-app');
  if (side === 'recipient' && bridge.placement === 'p2p') yield give('peer-to-peer');
  if (delegation !== undefined)
    yield give(delegation === 'confirmed' ? 'operator-confirmed' : 'operator-unconfirmed', operator, host);
  if (health === 'down') yield give('bridge-down', host);
}

function reason<C extends ReasonCode>(messages: Messages, code: C, ...about: Reasons[C]): Reason {
  const words = about.map(quote) as Reasons[C];
  return { code, about, text: messages.reasons[code](...words) };
}

/** Protocols and features are anybody's free text: whoever names one gets no sentence of his own into ours. */
const quote = (text: string): string => (/^[\w.+:-]{1,64}$/.test(text) ? text : '…');
