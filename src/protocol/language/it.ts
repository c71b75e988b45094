// Italian.
import type { BridgeName, Messages, Say } from './messages.ts';

export function it({ list, plural }: Say<'it'>): Messages {
  const name = ({ host, operator, isSaid }: BridgeName) =>
    host === operator ? host : `${host} (${isSaid ? 'che si dice gestito' : 'gestito'} da ${operator})`;
  const could = (n: number) => plural(n, { one: 'potrebbe', many: 'potrebbero', other: 'potrebbero' });
  return {
    explanation: {
      endToEnd: () =>
        'Questa conversazione è cifrata da un capo all’altro: solo tu e la persona a cui scrivi potete leggerla.',
      undeclared: (networks) =>
        `Nessun ponte apre questa conversazione. ${list(networks)} non ${plural(networks.length, { one: 'dice', many: 'dicono', other: 'dicono' })} se è cifrata da un capo all’altro.`,
      onRecipientsDevice: () =>
        'Questa conversazione viene decifrata e cifrata di nuovo sul dispositivo della persona a cui scrivi. Nessun altro può leggerla lì.',
      onOwnDevice: () =>
        'Questa conversazione viene decifrata e cifrata di nuovo sul tuo dispositivo. Nessun altro può leggerla lì.',
      onBothDevices: () =>
        'Questa conversazione viene decifrata e cifrata di nuovo sul tuo dispositivo e su quello dell’altra persona. Nessun altro può leggerla lì.',
      byBridges: (bridges, readers) =>
        `Questa conversazione viene cifrata di nuovo da ${list(bridges.map(name))}, e ${plural(readers.length, { one: 'chi lo gestisce', many: 'coloro che li gestiscono', other: 'coloro che li gestiscono' })} ${could(readers.length)} leggerla.`,
      notEndToEnd: (readers) =>
        `Questa conversazione non è cifrata da un capo all’altro: ${list(readers)} ${could(readers.length)} leggerla.`,
      noConnection: (from, provider) =>
        `Non c’è alcun ponte da ${from} a ${provider}: nessun messaggio da qui vi arriverebbe.`,
    },
    reasons: {
      'bridge-down': (bridge) =>
        `${bridge} non ha risposto all’ultimo controllo: i messaggi possono tardare o andare persi.`,
      'bridge-passed-over': (bridge) => `${bridge} sarebbe la via migliore, ma non ha risposto all’ultimo controllo.`,
      'bridge-says-native': (bridge) =>
        `${bridge} dice di inoltrare i messaggi senza aprirli. Da qui non si può verificare.`,
      'common-language': (protocol) => `Entrambe le reti si raggiungono con ${protocol}.`,
      'features-lost': (...features) => `Entrambe le reti lo permettono, ma non passa: ${list(features)}.`,
      'network-encrypts': (network) => `${network} dichiara di cifrare da un capo all’altro.`,
      'network-undeclared': (network) => `${network} non dice se cifra da un capo all’altro.`,
      'network-unencrypted': (network) => `${network} non cifra da un capo all’altro.`,
      'no-bridge': (from, provider) => `Nessuno offre un ponte da ${from} a ${provider}.`,
      'operator-confirmed': (operator, bridge) => `${operator} conferma di gestire ${bridge}.`,
      'operator-unconfirmed': (operator, bridge) => `${operator} non conferma di gestire ${bridge}.`,
      'peer-to-peer': () => 'Dall’altra parte i messaggi vanno da dispositivo a dispositivo, senza server.',
      'provider-advertises': (provider, from) => `${provider} offre questo ponte agli utenti di ${from}.`,
      'recipient-chose': () => 'La persona a cui scrivi ha scelto questo ponte.',
      'reencrypted-by-bridge': (bridge) => `${bridge} decifra i messaggi e li cifra di nuovo.`,
      'reencrypted-on-own-device': () => 'Un ponte sul tuo dispositivo decifra i messaggi e li cifra di nuovo.',
      'reencrypted-on-recipients-device': () =>
        'Un ponte sul dispositivo dell’altra persona decifra i messaggi e li cifra di nuovo.',
      'same-network': (network) => `Siete entrambi su ${network}.`,
      'same-protocol': (network, protocol) => `${network} parla da sé ${protocol}: non serve alcun ponte.`,
      'through-recipients-app': () =>
        'Sul dispositivo dell’altra persona un’applicazione passa i messaggi a un’altra, come questa ha permesso.',
      'unencrypted-by-bridge': (bridge) => `${bridge} inoltra i messaggi senza cifrarli da un capo all’altro.`,
    },
    levels: {
      'end-to-end': 'da un capo all’altro',
      're-encrypted-on-recipients-device': 'cifrato di nuovo sul dispositivo della persona',
      're-encrypted-by-bridge': 'cifrato di nuovo dal ponte',
      'not-end-to-end': 'non da un capo all’altro',
    },
    placements: {
      native: 'nessun ponte',
      client: 'ponte sul dispositivo della persona',
      local: 'attraverso l’applicazione sul dispositivo della persona',
      p2p: 'da pari a pari, sul dispositivo della persona',
      server: 'ponte su un server',
    },
    sources: {
      native: 'parlato di suo',
      override: 'scelto da chi riceve',
      advertised: 'annunciato dal fornitore',
      common: 'una lingua di entrambe le parti',
    },
    assurances: {
      confirmed: (issuers, provider) => `identificativo da ${issuers.join(', ')}, account da ${provider}`,
      domain: (issuers) => `da ${issuers.join(', ')}, il dominio stesso dell’indirizzo; account non confermato`,
      attested: (issuers) => `identificativo da ${issuers.join(', ')}; account non confermato`,
      claimed: (issuers) => `lo dice solo ${issuers.join(', ')}, di cui per questo non ti fidi`,
    },
    existences: {
      found: 'è lì',
      absent: 'non è lì',
      unknown: 'non è stato possibile chiedere',
    },
    accountStates: {
      ok: 'provato',
      failed: 'non provato',
      unreachable: 'non raggiunto',
      unchecked: 'non ancora controllato',
    },
    changes: {
      found: () => 'Ora questa persona si può trovare.',
      gone: () => 'Questa persona non si può più trovare.',
      'opted-out': () => 'Questa persona non desidera più essere trovata.',
      unknown: () => 'Al momento non si può verificare se questa persona si possa trovare.',
      moved: (network, from) => `Ora questa persona preferisce ${network} a ${from}.`,
      'route-added': (network) => `Ora questa persona si può raggiungere anche su ${network}.`,
      'route-removed': (network) => `Questa persona non si può più raggiungere su ${network}.`,
      'address-changed': (network) => `L’indirizzo della persona su ${network} è cambiato.`,
      'bridge-gone': (network) => `Non c’è più una via verso ${network}.`,
      'bridge-found': (network) => `Ora c’è una via verso ${network}.`,
      'bridge-changed': (network) => `I messaggi verso ${network} passano ora per un altro ponte.`,
      'encryption-worse': (network) => `I messaggi verso ${network} sono meno protetti di prima.`,
      'encryption-better': (network) => `I messaggi verso ${network} sono più protetti di prima.`,
      'reader-joined': (network, ...readers) =>
        `Lungo la via verso ${network} ora può leggere i messaggi anche: ${list(readers)}.`,
      'reader-left': (network, ...readers) =>
        `Lungo la via verso ${network} non può più leggere i messaggi: ${list(readers)}.`,
      'assurance-worse': (network) => `È meno certo di prima di chi sia questo account su ${network}.`,
      'assurance-better': (network) => `È più certo di prima di chi sia questo account su ${network}.`,
      contested: () => 'Qualcun altro rivendica questo identificatore.',
      uncontested: () => 'Nessun altro rivendica più questo identificatore.',
      'features-fewer': (network) => `I messaggi verso ${network} consentono meno di prima.`,
      'features-more': (network) => `I messaggi verso ${network} consentono più di prima.`,
    },
    page: {
      address: 'indirizzo',
      assurance: 'garanzia',
      bridge: 'ponte',
      endpoint: 'accesso',
      stale: 'non aggiornato',
      encryption: 'cifratura',
      readers: 'può leggere',
      explanation: 'riservatezza',
      warning: 'attenzione',
      reasons: 'perché',
      features: 'funzioni',
      automatic: 'automatico',
      contested: 'conteso',
      chains: 'anche',
      since: 'dal',
      connect: ({ placement, source, protocol, operator }) =>
        `${placement}, protocollo ${protocol}${operator === undefined ? '' : `, gestito da ${operator}`} (${source})`,
      noConnect: 'nessuno conosciuto',
      noReaders: 'chi scrive e chi riceve',
      isAutomatic: 'sì, chi riceve lo chiede',
      isNotAutomatic: 'no, prima chiedere',
      isContested: 'anche altri rivendicano questo identificativo',
      life: (since, expires) => `${since}, fino al ${expires}`,
      optedOut: 'Questa persona ha chiesto di non essere trovata qui.',
      alternatives: 'Reti da provare al suo posto:',
      noBridge: 'nessun ponte',
      notAvailable: 'al momento senza descrizione',
      isStale: (network) => `${network} non è stato raggiunto di recente`,
      checked: (epoch, witnesses) =>
        `controllato: epoca ${epoch}, ${plural(witnesses, { one: '# testimone', many: '# di testimoni', other: '# testimoni' })}`,
      accountSeen: (state, when, checker) => `${state}, consultato il ${when} UTC da ${checker}`,
      moreRoutes: (n) => plural(n, { one: 'e un’altra via', many: 'e altri # di vie', other: 'e altre # vie' }),
    },
  };
}
