// French.
import type { BridgeName, Messages, Say } from './messages.ts';

export function fr({ list, plural }: Say<'fr'>): Messages {
  const name = ({ host, operator, isSaid }: BridgeName) =>
    host === operator ? host : `${host} (${isSaid ? 'exploité, dit-on,' : 'exploité'} par ${operator})`;
  const could = (n: number) => plural(n, { one: 'pourrait', many: 'pourraient', other: 'pourraient' });
  return {
    explanation: {
      endToEnd: () =>
        'Cette conversation est chiffrée de bout en bout : seules vous et la personne à qui vous écrivez pouvez la lire.',
      undeclared: (networks) =>
        `Aucune passerelle n’ouvre cette conversation. ${list(networks)} ne ${plural(networks.length, { one: 'dit', many: 'disent', other: 'disent' })} pas si elle est chiffrée de bout en bout.`,
      onRecipientsDevice: () =>
        'Cette conversation est déchiffrée puis chiffrée de nouveau sur l’appareil de la personne à qui vous écrivez. Personne d’autre ne peut l’y lire.',
      onOwnDevice: () =>
        'Cette conversation est déchiffrée puis chiffrée de nouveau sur votre propre appareil. Personne d’autre ne peut l’y lire.',
      onBothDevices: () =>
        'Cette conversation est déchiffrée puis chiffrée de nouveau sur votre appareil et sur celui de l’autre personne. Personne d’autre ne peut l’y lire.',
      byBridges: (bridges, readers) =>
        `Cette conversation est chiffrée de nouveau par ${list(bridges.map(name))}, dont ${plural(readers.length, { one: 'l’exploitant', many: 'les exploitants', other: 'les exploitants' })} ${could(readers.length)} la lire.`,
      notEndToEnd: (readers) =>
        `Cette conversation n’est pas chiffrée de bout en bout : ${list(readers)} ${could(readers.length)} la lire.`,
      noConnection: (from, provider) =>
        `Aucune passerelle ne mène de ${from} à ${provider} : aucun message parti d’ici n’y arriverait.`,
    },
    reasons: {
      'bridge-down': (bridge) =>
        `${bridge} n’a pas répondu à la dernière vérification : des messages peuvent tarder ou se perdre.`,
      'bridge-passed-over': (bridge) =>
        `${bridge} serait la meilleure voie, mais n’a pas répondu à la dernière vérification.`,
      'bridge-says-native': (bridge) =>
        `${bridge} affirme transmettre les messages sans les ouvrir. On ne peut pas le vérifier d’ici.`,
      'common-language': (protocol) => `On peut joindre les deux réseaux par ${protocol}.`,
      'features-lost': (...features) => `Les deux réseaux le permettent, mais cela ne passe pas : ${list(features)}.`,
      'network-encrypts': (network) => `${network} déclare chiffrer de bout en bout.`,
      'network-undeclared': (network) => `${network} ne dit pas s’il chiffre de bout en bout.`,
      'network-unencrypted': (network) => `${network} ne chiffre pas de bout en bout.`,
      'no-bridge': (from, provider) => `Personne ne propose de passerelle de ${from} à ${provider}.`,
      'operator-confirmed': (operator, bridge) => `${operator} confirme qu’il exploite ${bridge}.`,
      'operator-unconfirmed': (operator, bridge) => `${operator} ne confirme pas qu’il exploite ${bridge}.`,
      'peer-to-peer': () => 'De l’autre côté, les messages vont d’appareil à appareil, sans serveur.',
      'provider-advertises': (provider, from) => `${provider} propose cette passerelle aux utilisateurs de ${from}.`,
      'recipient-chose': () => 'La personne à qui vous écrivez a choisi cette passerelle.',
      'reencrypted-by-bridge': (bridge) => `${bridge} déchiffre les messages et les chiffre de nouveau.`,
      'reencrypted-on-own-device': () =>
        'Une passerelle sur votre propre appareil déchiffre les messages et les chiffre de nouveau.',
      'reencrypted-on-recipients-device': () =>
        'Une passerelle sur l’appareil de l’autre personne déchiffre les messages et les chiffre de nouveau.',
      'same-network': (network) => `Vous êtes tous deux sur ${network}.`,
      'same-protocol': (network, protocol) => `${network} parle lui-même ${protocol} : il ne faut pas de passerelle.`,
      'through-recipients-app': () =>
        'Sur l’appareil de l’autre personne, une application remet les messages à une autre, comme elle l’a autorisé.',
      'unencrypted-by-bridge': (bridge) => `${bridge} transmet les messages sans chiffrement de bout en bout.`,
    },
    levels: {
      'end-to-end': 'de bout en bout',
      're-encrypted-on-recipients-device': 'chiffré de nouveau sur l’appareil de la personne',
      're-encrypted-by-bridge': 'chiffré de nouveau par la passerelle',
      'not-end-to-end': 'pas de bout en bout',
    },
    placements: {
      native: 'sans passerelle',
      client: 'passerelle sur l’appareil de la personne',
      local: 'par l’application sur l’appareil de la personne',
      p2p: 'de pair à pair, sur l’appareil de la personne',
      server: 'passerelle sur un serveur',
    },
    sources: {
      native: 'parlé nativement',
      override: 'choisie par le destinataire',
      advertised: 'annoncée par le fournisseur',
      common: 'une langue des deux côtés',
    },
    assurances: {
      confirmed: (issuers, provider) => `identifiant par ${issuers.join(', ')}, compte par ${provider}`,
      domain: (issuers) => `par ${issuers.join(', ')}, le domaine même de l’adresse ; compte non confirmé`,
      attested: (issuers) => `identifiant par ${issuers.join(', ')} ; compte non confirmé`,
      claimed: (issuers) => `seul ${issuers.join(', ')} le dit, à qui vous ne vous fiez pas pour cela`,
    },
    existences: {
      found: 's’y trouve',
      absent: 'ne s’y trouve pas',
      unknown: 'n’a pas pu être interrogé',
    },
    accountStates: { ok: 'prouvé', failed: 'non prouvé', unreachable: 'non joint', unchecked: 'pas encore vérifié' },
    changes: {
      found: () => 'Cette personne est désormais joignable.',
      gone: () => 'Cette personne n’est plus joignable.',
      'opted-out': () => 'Cette personne ne souhaite plus être trouvée.',
      unknown: () => 'Impossible de vérifier pour le moment si cette personne est joignable.',
      moved: (network, from) => `Cette personne préfère désormais ${network} à ${from}.`,
      'route-added': (network) => `Cette personne est désormais joignable aussi sur ${network}.`,
      'route-removed': (network) => `Cette personne n’est plus joignable sur ${network}.`,
      'address-changed': (network) => `L’adresse de la personne sur ${network} a changé.`,
      'bridge-gone': (network) => `Il n’y a plus de chemin vers ${network}.`,
      'bridge-found': (network) => `Il y a désormais un chemin vers ${network}.`,
      'bridge-changed': (network) => `Les messages vers ${network} passent désormais par une autre passerelle.`,
      'encryption-worse': (network) => `Les messages vers ${network} sont moins bien protégés qu’avant.`,
      'encryption-better': (network) => `Les messages vers ${network} sont mieux protégés qu’avant.`,
      'reader-joined': (network, ...readers) =>
        `Sur le chemin vers ${network}, les messages peuvent désormais être lus aussi par ${list(readers)}.`,
      'reader-left': (network, ...readers) =>
        `Sur le chemin vers ${network}, les messages ne peuvent plus être lus par ${list(readers)}.`,
      'assurance-worse': (network) => `Il est moins certain qu’avant à qui appartient ce compte sur ${network}.`,
      'assurance-better': (network) => `Il est plus certain qu’avant à qui appartient ce compte sur ${network}.`,
      contested: () => 'Quelqu’un d’autre revendique aussi cet identifiant.',
      uncontested: () => 'Plus personne d’autre ne revendique cet identifiant.',
      'features-fewer': (network) => `Les messages vers ${network} permettent moins de choses qu’avant.`,
      'features-more': (network) => `Les messages vers ${network} permettent plus de choses qu’avant.`,
    },
    page: {
      address: 'adresse',
      assurance: 'garantie',
      bridge: 'passerelle',
      endpoint: 'accès',
      stale: 'périmé',
      encryption: 'chiffrement',
      readers: 'peut lire',
      explanation: 'confidentialité',
      warning: 'attention',
      reasons: 'parce que',
      features: 'fonctions',
      automatic: 'automatique',
      contested: 'contesté',
      chains: 'aussi',
      since: 'depuis',
      connect: ({ placement, source, protocol, operator }) =>
        `${placement}, protocole ${protocol}${operator === undefined ? '' : `, exploitée par ${operator}`} (${source})`,
      noConnect: 'aucune connue',
      noReaders: 'expéditeur et destinataire',
      isAutomatic: 'oui, le destinataire le demande',
      isNotAutomatic: 'non, demander d’abord',
      isContested: 'd’autres revendiquent aussi cet identifiant',
      life: (since, expires) => `${since}, jusqu’au ${expires}`,
      optedOut: 'Cette personne a demandé à ne pas être trouvée ici.',
      alternatives: 'Réseaux à essayer à la place :',
      noBridge: 'pas de passerelle',
      notAvailable: 'sans description pour le moment',
      isStale: (network) => `${network} n’a pas pu être joint récemment`,
      checked: (epoch, witnesses) =>
        `vérifié : époque ${epoch}, ${plural(witnesses, { one: '# témoin', many: '# de témoins', other: '# témoins' })}`,
      accountSeen: (state, when, checker) => `${state}, consulté le ${when} UTC par ${checker}`,
      moreRoutes: (n) => plural(n, { one: 'et # autre', many: 'et # d’autres', other: 'et # autres' }),
    },
  };
}
