// German.
import type { BridgeName, Messages, Say } from './messages.ts';

export function de({ list, plural }: Say<'de'>): Messages {
  const name = ({ host, operator, isSaid }: BridgeName) =>
    host === operator ? host : `${host} (${isSaid ? 'angeblich betrieben' : 'betrieben'} von ${operator})`;
  return {
    explanation: {
      endToEnd: () =>
        'Diese Unterhaltung ist Ende-zu-Ende-verschlüsselt: Nur Sie und die Person, der Sie schreiben, können sie lesen.',
      undeclared: (networks) =>
        `Keine Brücke öffnet diese Unterhaltung. Ob sie Ende-zu-Ende-verschlüsselt ist, ${plural(networks.length, { one: 'sagt', other: 'sagen' })} ${list(networks)} nicht.`,
      onRecipientsDevice: () =>
        'Diese Unterhaltung wird auf dem eigenen Gerät der Person, der Sie schreiben, entschlüsselt und neu verschlüsselt. Niemand sonst kann sie dort lesen.',
      onOwnDevice: () =>
        'Diese Unterhaltung wird auf Ihrem eigenen Gerät entschlüsselt und neu verschlüsselt. Niemand sonst kann sie dort lesen.',
      onBothDevices: () =>
        'Diese Unterhaltung wird auf Ihrem eigenen Gerät und auf dem der anderen Person entschlüsselt und neu verschlüsselt. Niemand sonst kann sie dort lesen.',
      byBridges: (bridges, readers) =>
        `Diese Unterhaltung wird von ${list(bridges.map(name))} neu verschlüsselt; ${plural(readers.length, { one: 'wer das betreibt, könnte', other: 'alle, die das betreiben, könnten' })} sie lesen.`,
      notEndToEnd: (readers) =>
        `Diese Unterhaltung ist nicht Ende-zu-Ende-verschlüsselt: ${list(readers)} ${plural(readers.length, { one: 'könnte', other: 'könnten' })} sie lesen.`,
      noConnection: (from, provider) =>
        `Von ${from} führt keine Brücke zu ${provider}: Keine Nachricht von hier käme dort an.`,
    },
    reasons: {
      'bridge-down': (bridge) =>
        `${bridge} hat bei der letzten Prüfung nicht geantwortet: Nachrichten können sich verspäten oder verloren gehen.`,
      'bridge-passed-over': (bridge) =>
        `${bridge} wäre der bessere Weg, hat aber bei der letzten Prüfung nicht geantwortet.`,
      'bridge-says-native': (bridge) =>
        `${bridge} gibt nach eigener Aussage Nachrichten ungeöffnet weiter. Von hier aus lässt sich das nicht prüfen.`,
      'common-language': (protocol) => `Beide Netze sind über ${protocol} erreichbar.`,
      'features-lost': (...features) => `Beide Netze können es, aber es kommt nicht hindurch: ${list(features)}.`,
      'network-encrypts': (network) => `${network} erklärt, von Ende zu Ende zu verschlüsseln.`,
      'network-undeclared': (network) => `${network} sagt nicht, ob es von Ende zu Ende verschlüsselt.`,
      'network-unencrypted': (network) => `${network} verschlüsselt nicht von Ende zu Ende.`,
      'no-bridge': (from, provider) => `Niemand bietet eine Brücke von ${from} zu ${provider} an.`,
      'operator-confirmed': (operator, bridge) => `${operator} bestätigt, ${bridge} zu betreiben.`,
      'operator-unconfirmed': (operator, bridge) => `${operator} bestätigt nicht, ${bridge} zu betreiben.`,
      'peer-to-peer': () => 'Auf der anderen Seite gehen Nachrichten ohne Server von Gerät zu Gerät.',
      'provider-advertises': (provider, from) => `${provider} bietet Nutzern von ${from} diese Brücke an.`,
      'recipient-chose': () => 'Die Person, der Sie schreiben, hat diese Brücke selbst gewählt.',
      'reencrypted-by-bridge': (bridge) => `${bridge} entschlüsselt Nachrichten und verschlüsselt sie neu.`,
      'reencrypted-on-own-device': () =>
        'Eine Brücke auf Ihrem eigenen Gerät entschlüsselt Nachrichten und verschlüsselt sie neu.',
      'reencrypted-on-recipients-device': () =>
        'Eine Brücke auf dem eigenen Gerät der anderen Person entschlüsselt Nachrichten und verschlüsselt sie neu.',
      'same-network': (network) => `Sie sind beide bei ${network}.`,
      'same-protocol': (network, protocol) => `${network} spricht selbst ${protocol}: Es braucht keine Brücke.`,
      'through-recipients-app': () =>
        'Auf dem Gerät der anderen Person reicht eine App Nachrichten an eine andere weiter, wie diese es erlaubt hat.',
      'unencrypted-by-bridge': (bridge) => `${bridge} gibt Nachrichten ohne Ende-zu-Ende-Verschlüsselung weiter.`,
    },
    levels: {
      'end-to-end': 'Ende zu Ende',
      're-encrypted-on-recipients-device': 'auf dem eigenen Gerät neu verschlüsselt',
      're-encrypted-by-bridge': 'von der Brücke neu verschlüsselt',
      'not-end-to-end': 'nicht Ende zu Ende',
    },
    placements: {
      native: 'keine Brücke',
      client: 'Brücke auf dem eigenen Gerät',
      local: 'durch die App auf dem eigenen Gerät',
      p2p: 'von Gerät zu Gerät, auf dem eigenen Gerät',
      server: 'Brücke auf einem Server',
    },
    sources: {
      native: 'von Haus aus gesprochen',
      override: 'von der anderen Person gewählt',
      advertised: 'vom Anbieter angeboten',
      common: 'eine Sprache beider Seiten',
    },
    assurances: {
      confirmed: (issuers, provider) => `Kennung durch ${issuers.join(', ')}, Konto durch ${provider}`,
      domain: (issuers) => `durch ${issuers.join(', ')}, die eigene Domain der Adresse; Konto nicht bestätigt`,
      attested: (issuers) => `Kennung durch ${issuers.join(', ')}; Konto nicht bestätigt`,
      claimed: (issuers) => `nur ${issuers.join(', ')} sagt das, und dem vertrauen Sie darin nicht`,
    },
    existences: {
      found: 'ist dort',
      absent: 'ist nicht dort',
      unknown: 'konnte nicht gefragt werden',
    },
    accountStates: {
      ok: 'belegt',
      failed: 'nicht belegt',
      unreachable: 'nicht erreicht',
      unchecked: 'noch nicht geprüft',
    },
    changes: {
      found: () => 'Diese Person ist jetzt zu finden.',
      gone: () => 'Diese Person ist nicht mehr zu finden.',
      'opted-out': () => 'Diese Person möchte nicht mehr gefunden werden.',
      unknown: () => 'Ob diese Person zu finden ist, lässt sich derzeit nicht prüfen.',
      moved: (network, from) => `Diese Person möchte jetzt lieber über ${network} als über ${from} erreicht werden.`,
      'route-added': (network) => `Diese Person ist jetzt auch über ${network} zu erreichen.`,
      'route-removed': (network) => `Diese Person ist über ${network} nicht mehr zu erreichen.`,
      'address-changed': (network) => `Die Adresse der Person bei ${network} ist jetzt eine andere.`,
      'bridge-gone': (network) => `Es gibt keinen Weg mehr zu ${network}.`,
      'bridge-found': (network) => `Es gibt jetzt einen Weg zu ${network}.`,
      'bridge-changed': (network) => `Nachrichten an ${network} gehen jetzt über eine andere Brücke.`,
      'encryption-worse': (network) => `Nachrichten an ${network} sind schlechter geschützt als zuvor.`,
      'encryption-better': (network) => `Nachrichten an ${network} sind besser geschützt als zuvor.`,
      'reader-joined': (network, ...readers) =>
        `Auf dem Weg zu ${network} können Nachrichten jetzt auch hier gelesen werden: ${list(readers)}.`,
      'reader-left': (network, ...readers) =>
        `Auf dem Weg zu ${network} können Nachrichten hier nicht mehr gelesen werden: ${list(readers)}.`,
      'assurance-worse': (network) => `Wem dieses Konto bei ${network} gehört, ist weniger sicher als zuvor.`,
      'assurance-better': (network) => `Wem dieses Konto bei ${network} gehört, ist sicherer als zuvor.`,
      contested: () => 'Noch jemand beansprucht diese Kennung.',
      uncontested: () => 'Niemand sonst beansprucht diese Kennung mehr.',
      'features-fewer': (network) => `Nachrichten an ${network} können weniger als zuvor.`,
      'features-more': (network) => `Nachrichten an ${network} können mehr als zuvor.`,
    },
    page: {
      address: 'Adresse',
      assurance: 'Gewähr',
      bridge: 'Brücke',
      endpoint: 'Zugang',
      stale: 'veraltet',
      encryption: 'Verschlüsselung',
      readers: 'lesen können',
      explanation: 'Vertraulichkeit',
      warning: 'Warnung',
      reasons: 'weil',
      features: 'Funktionen',
      automatic: 'automatisch',
      contested: 'umstritten',
      chains: 'auch',
      since: 'seit',
      connect: ({ placement, source, protocol, operator }) =>
        `${placement}, Protokoll ${protocol}${operator === undefined ? '' : `, betrieben von ${operator}`} (${source})`,
      noConnect: 'keine bekannt',
      noReaders: 'nur die beiden Personen',
      isAutomatic: 'ja, die Person bittet darum',
      isNotAutomatic: 'nein, erst fragen',
      isContested: 'auch andere beanspruchen diese Kennung',
      life: (since, expires) => `${since}, bis ${expires}`,
      optedOut: 'Diese Person möchte hier nicht gefunden werden.',
      alternatives: 'Netze, die einen Versuch wert sind:',
      noBridge: 'keine Brücke',
      notAvailable: 'derzeit ohne Beschreibung',
      isStale: (network) => `${network} war zuletzt nicht zu erreichen`,
      checked: (epoch, witnesses) =>
        `geprüft: Epoche ${epoch}, ${plural(witnesses, { one: '# Zeuge', other: '# Zeugen' })}`,
      accountSeen: (state, when, checker) => `${state}, angesehen am ${when} UTC von ${checker}`,
      moreRoutes: (n) => plural(n, { one: 'und # weiterer Weg', other: 'und # weitere Wege' }),
    },
  };
}
