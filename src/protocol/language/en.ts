// English.
import type { BridgeName, Messages, Say } from './messages.ts';

export function en({ list, plural }: Say<'en'>): Messages {
  const name = ({ host, operator, isSaid }: BridgeName) =>
    host === operator ? host : `${host} (${isSaid ? 'said to be run' : 'run'} by ${operator})`;
  return {
    explanation: {
      endToEnd: () => 'This conversation is end-to-end encrypted: only you and the recipient can read it.',
      undeclared: (networks) =>
        `No bridge opens this conversation. Whether it is end-to-end encrypted, ${list(networks)} ${plural(networks.length, { one: 'does', other: 'do' })} not say.`,
      onRecipientsDevice: () =>
        'This conversation is decrypted and encrypted again on the recipient’s own device. Nobody else can read it there.',
      onOwnDevice: () =>
        'This conversation is decrypted and encrypted again on your own device. Nobody else can read it there.',
      onBothDevices: () =>
        'This conversation is decrypted and encrypted again on your own device and on the recipient’s. Nobody else can read it there.',
      byBridges: (bridges, readers) =>
        `This conversation is re-encrypted by ${list(bridges.map(name))}, whose ${plural(readers.length, { one: 'operator', other: 'operators' })} could read it.`,
      notEndToEnd: (readers) => `This conversation is not end-to-end encrypted: ${list(readers)} could read it.`,
      noConnection: (from, provider) =>
        `There is no bridge from ${from} to ${provider}: no message from here would arrive there.`,
    },
    reasons: {
      'bridge-down': (bridge) => `${bridge} did not answer when it was last checked: messages may be late or lost.`,
      'bridge-passed-over': (bridge) =>
        `${bridge} would be the better way, but did not answer when it was last checked.`,
      'bridge-says-native': (bridge) =>
        `${bridge} says that it passes messages on unopened. That cannot be checked from here.`,
      'common-language': (protocol) => `Both networks can be reached over ${protocol}.`,
      'features-lost': (...features) => `Both networks have it, but it does not get through: ${list(features)}.`,
      'network-encrypts': (network) => `${network} declares that it encrypts from end to end.`,
      'network-undeclared': (network) => `${network} does not say whether it encrypts from end to end.`,
      'network-unencrypted': (network) => `${network} does not encrypt from end to end.`,
      'no-bridge': (from, provider) => `Nobody offers a bridge from ${from} to ${provider}.`,
      'operator-confirmed': (operator, bridge) => `${operator} confirms that it runs ${bridge}.`,
      'operator-unconfirmed': (operator, bridge) => `${operator} does not confirm that it runs ${bridge}.`,
      'peer-to-peer': () => 'On the recipient’s side messages go from device to device, without a server.',
      'provider-advertises': (provider, from) => `${provider} offers this bridge to users of ${from}.`,
      'recipient-chose': () => 'The recipient has chosen this bridge.',
      'reencrypted-by-bridge': (bridge) => `${bridge} decrypts messages and encrypts them again.`,
      'reencrypted-on-own-device': () => 'A bridge on your own device decrypts messages and encrypts them again.',
      'reencrypted-on-recipients-device': () =>
        'A bridge on the recipient’s own device decrypts messages and encrypts them again.',
      'same-network': (network) => `You are both on ${network}.`,
      'same-protocol': (network, protocol) => `${network} itself speaks ${protocol}: no bridge is needed.`,
      'through-recipients-app': () =>
        'On the recipient’s device one app hands messages to another, as the recipient allowed it to.',
      'unencrypted-by-bridge': (bridge) => `${bridge} passes messages on without end-to-end encryption.`,
    },
    levels: {
      'end-to-end': 'end-to-end',
      're-encrypted-on-recipients-device': 're-encrypted on the person’s own device',
      're-encrypted-by-bridge': 're-encrypted by the bridge',
      'not-end-to-end': 'not end-to-end',
    },
    placements: {
      native: 'no bridge',
      client: 'bridge on the person’s own device',
      local: 'through the app on the person’s own device',
      p2p: 'peer to peer, on the person’s own device',
      server: 'bridge on a server',
    },
    sources: {
      native: 'spoken natively',
      override: 'chosen by the recipient',
      advertised: 'advertised by the provider',
      common: 'a language both sides speak',
    },
    assurances: {
      confirmed: (issuers, provider) => `identifier by ${issuers.join(', ')}, account by ${provider}`,
      domain: (issuers) => `by ${issuers.join(', ')}, the address’s own domain; account not confirmed`,
      attested: (issuers) => `identifier by ${issuers.join(', ')}; account not confirmed`,
      claimed: (issuers) => `only ${issuers.join(', ')} says so, whom you do not trust with this`,
    },
    existences: {
      found: 'is there',
      absent: 'is not there',
      unknown: 'could not be asked',
    },
    accountStates: { ok: 'proved', failed: 'not proved', unreachable: 'not reached', unchecked: 'not checked yet' },
    changes: {
      found: () => 'This person can be found now.',
      gone: () => 'This person can no longer be found.',
      'opted-out': () => 'This person no longer wants to be found.',
      unknown: () => 'Whether this person can be found cannot be checked at present.',
      moved: (network, from) => `This person would now rather be reached on ${network} than on ${from}.`,
      'route-added': (network) => `This person can now be reached on ${network} too.`,
      'route-removed': (network) => `This person can no longer be reached on ${network}.`,
      'address-changed': (network) => `The person’s address on ${network} is another one now.`,
      'bridge-gone': (network) => `There is no longer a way to ${network}.`,
      'bridge-found': (network) => `There is a way to ${network} now.`,
      'bridge-changed': (network) => `Messages to ${network} go over another bridge now.`,
      'encryption-worse': (network) => `Messages to ${network} are less protected than before.`,
      'encryption-better': (network) => `Messages to ${network} are better protected than before.`,
      'reader-joined': (network, ...readers) =>
        `On the way to ${network} messages can now also be read by ${list(readers)}.`,
      'reader-left': (network, ...readers) =>
        `On the way to ${network} messages can no longer be read by ${list(readers)}.`,
      'assurance-worse': (network) => `It is less certain than before whose account on ${network} this is.`,
      'assurance-better': (network) => `It is more certain than before whose account on ${network} this is.`,
      contested: () => 'Somebody else claims this identifier too.',
      uncontested: () => 'Nobody else claims this identifier any more.',
      'features-fewer': (network) => `Messages to ${network} can carry less than before.`,
      'features-more': (network) => `Messages to ${network} can carry more than before.`,
    },
    page: {
      address: 'address',
      assurance: 'assurance',
      bridge: 'bridge',
      endpoint: 'endpoint',
      stale: 'out of date',
      encryption: 'encryption',
      readers: 'can read',
      explanation: 'privacy',
      warning: 'warning',
      reasons: 'because',
      features: 'features',
      automatic: 'automatic',
      contested: 'contested',
      chains: 'also',
      since: 'since',
      connect: ({ placement, source, protocol, operator }) =>
        `${placement}, protocol ${protocol}${operator === undefined ? '' : `, run by ${operator}`} (${source})`,
      noConnect: 'none known',
      noReaders: 'sender and recipient',
      isAutomatic: 'yes, the recipient asks for it',
      isNotAutomatic: 'no, ask first',
      isContested: 'others claim this identifier too',
      life: (since, expires) => `${since}, until ${expires}`,
      optedOut: 'This person has asked not to be found here.',
      alternatives: 'Networks to try instead:',
      noBridge: 'no bridge',
      notAvailable: 'not described at present',
      isStale: (network) => `${network} was not reached lately`,
      checked: (epoch, witnesses) =>
        `checked: epoch ${epoch}, ${plural(witnesses, { one: '# witness', other: '# witnesses' })}`,
      accountSeen: (state, when, checker) => `${state}, looked at ${when} UTC by ${checker}`,
      moreRoutes: (n) => plural(n, { one: 'and # more', other: 'and # more' }),
    },
  };
}
