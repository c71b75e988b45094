// Polish.
import type { BridgeName, Messages, Say } from './messages.ts';

export function pl({ list, plural }: Say<'pl'>): Messages {
  const name = ({ host, operator, isSaid }: BridgeName) =>
    host === operator ? host : `${host} (${isSaid ? 'prowadzony podobno' : 'prowadzony'} przez ${operator})`;
  const could = (n: number) => plural(n, { one: 'może', few: 'mogą', many: 'mogą', other: 'mogą' });
  return {
    explanation: {
      endToEnd: () =>
        'Ta rozmowa jest szyfrowana od końca do końca: odczytać ją możesz tylko Ty i osoba, do której piszesz.',
      undeclared: (networks) =>
        `Żaden most nie otwiera tej rozmowy. ${list(networks)} nie ${plural(networks.length, { one: 'podaje', few: 'podają', many: 'podają', other: 'podają' })}, czy jest szyfrowana od końca do końca.`,
      onRecipientsDevice: () =>
        'Ta rozmowa jest odszyfrowywana i szyfrowana na nowo na urządzeniu osoby, do której piszesz. Nikt inny nie może jej tam odczytać.',
      onOwnDevice: () =>
        'Ta rozmowa jest odszyfrowywana i szyfrowana na nowo na Twoim urządzeniu. Nikt inny nie może jej tam odczytać.',
      onBothDevices: () =>
        'Ta rozmowa jest odszyfrowywana i szyfrowana na nowo na Twoim urządzeniu i na urządzeniu drugiej osoby. Nikt inny nie może jej tam odczytać.',
      byBridges: (bridges, readers) =>
        `Tę rozmowę szyfruje na nowo ${list(bridges.map(name))}; ${plural(readers.length, { one: 'operator', few: 'operatorzy', many: 'operatorzy', other: 'operatorzy' })} ${could(readers.length)} ją odczytać.`,
      notEndToEnd: (readers) =>
        `Ta rozmowa nie jest szyfrowana od końca do końca: ${list(readers)} ${could(readers.length)} ją odczytać.`,
      noConnection: (from, provider) =>
        `Nie ma mostu z ${from} do ${provider}: żadna wiadomość stąd by tam nie dotarła.`,
    },
    reasons: {
      'bridge-down': (bridge) =>
        `Przy ostatnim sprawdzeniu ${bridge} nie dał odpowiedzi: wiadomości mogą się opóźnić lub zaginąć.`,
      'bridge-passed-over': (bridge) =>
        `${bridge} byłby lepszą drogą, ale przy ostatnim sprawdzeniu nie dał odpowiedzi.`,
      'bridge-says-native': (bridge) =>
        `${bridge} deklaruje, że przekazuje wiadomości bez otwierania. Stąd nie da się tego sprawdzić.`,
      'common-language': (protocol) => `Do obu sieci można dotrzeć przez ${protocol}.`,
      'features-lost': (...features) => `Obie sieci na to pozwalają, ale to nie przechodzi: ${list(features)}.`,
      'network-encrypts': (network) => `${network} deklaruje szyfrowanie od końca do końca.`,
      'network-undeclared': (network) => `${network} nie podaje, czy szyfruje od końca do końca.`,
      'network-unencrypted': (network) => `${network} nie szyfruje od końca do końca.`,
      'no-bridge': (from, provider) => `Nikt nie oferuje mostu z ${from} do ${provider}.`,
      'operator-confirmed': (operator, bridge) => `${operator} potwierdza, że prowadzi ${bridge}.`,
      'operator-unconfirmed': (operator, bridge) => `${operator} nie potwierdza, że prowadzi ${bridge}.`,
      'peer-to-peer': () => 'Po drugiej stronie wiadomości idą od urządzenia do urządzenia, bez serwera.',
      'provider-advertises': (provider, from) => `${provider} oferuje ten most użytkownikom ${from}.`,
      'recipient-chose': () => 'Ten most został wybrany przez osobę, do której piszesz.',
      'reencrypted-by-bridge': (bridge) => `${bridge} odszyfrowuje wiadomości i szyfruje je na nowo.`,
      'reencrypted-on-own-device': () => 'Most na Twoim urządzeniu odszyfrowuje wiadomości i szyfruje je na nowo.',
      'reencrypted-on-recipients-device': () =>
        'Most na urządzeniu drugiej osoby odszyfrowuje wiadomości i szyfruje je na nowo.',
      'same-network': (network) => `Obie osoby są w ${network}.`,
      'same-protocol': (network, protocol) => `${network} obsługuje ${protocol} bezpośrednio: most nie jest potrzebny.`,
      'through-recipients-app': () =>
        'Na urządzeniu drugiej osoby jedna aplikacja przekazuje wiadomości drugiej, na co ta osoba zezwoliła.',
      'unencrypted-by-bridge': (bridge) => `${bridge} przekazuje wiadomości bez szyfrowania od końca do końca.`,
    },
    levels: {
      'end-to-end': 'od końca do końca',
      're-encrypted-on-recipients-device': 'szyfrowana na nowo na urządzeniu osoby',
      're-encrypted-by-bridge': 'szyfrowana na nowo przez most',
      'not-end-to-end': 'nie od końca do końca',
    },
    placements: {
      native: 'bez mostu',
      client: 'most na urządzeniu osoby',
      local: 'przez aplikację na urządzeniu osoby',
      p2p: 'od urządzenia do urządzenia, na urządzeniu osoby',
      server: 'most na serwerze',
    },
    sources: {
      native: 'obsługiwany bezpośrednio',
      override: 'wybrany przez odbiorcę',
      advertised: 'oferowany przez dostawcę',
      common: 'wspólny język obu stron',
    },
    assurances: {
      confirmed: (issuers, provider) => `identyfikator: ${issuers.join(', ')}, konto: ${provider}`,
      domain: (issuers) => `${issuers.join(', ')}, własna domena adresu; konto niepotwierdzone`,
      attested: (issuers) => `identyfikator: ${issuers.join(', ')}; konto niepotwierdzone`,
      claimed: (issuers) => `twierdzi tak tylko ${issuers.join(', ')}, komu w tym nie ufasz`,
    },
    existences: {
      found: 'jest tam',
      absent: 'nie ma tam',
      unknown: 'nie udało się zapytać',
    },
    accountStates: {
      ok: 'potwierdzone',
      failed: 'niepotwierdzone',
      unreachable: 'brak połączenia',
      unchecked: 'jeszcze niesprawdzone',
    },
    changes: {
      found: () => 'Tę osobę można teraz znaleźć.',
      gone: () => 'Tej osoby nie można już znaleźć.',
      'opted-out': () => 'Ta osoba nie chce już być znajdowana.',
      unknown: () => 'Obecnie nie można sprawdzić, czy tę osobę da się znaleźć.',
      moved: (network, from) => `Ta osoba woli teraz ${network} niż ${from}.`,
      'route-added': (network) => `Z tą osobą można teraz połączyć się także przez ${network}.`,
      'route-removed': (network) => `Z tą osobą nie można już połączyć się przez ${network}.`,
      'address-changed': (network) => `Adres tej osoby w ${network} jest teraz inny.`,
      'bridge-gone': (network) => `Nie ma już drogi do ${network}.`,
      'bridge-found': (network) => `Jest teraz droga do ${network}.`,
      'bridge-changed': (network) => `Wiadomości do ${network} idą teraz przez inny most.`,
      'encryption-worse': (network) => `Wiadomości do ${network} są gorzej chronione niż dotąd.`,
      'encryption-better': (network) => `Wiadomości do ${network} są lepiej chronione niż dotąd.`,
      'reader-joined': (network, ...readers) =>
        `Na drodze do ${network} wiadomości może teraz czytać także: ${list(readers)}.`,
      'reader-left': (network, ...readers) =>
        `Na drodze do ${network} wiadomości nie może już czytać: ${list(readers)}.`,
      'assurance-worse': (network) => `Mniej pewne niż dotąd jest to, do kogo należy to konto w ${network}.`,
      'assurance-better': (network) => `Pewniejsze niż dotąd jest to, do kogo należy to konto w ${network}.`,
      contested: () => 'Ktoś inny też twierdzi, że to jego identyfikator.',
      uncontested: () => 'Nikt inny nie twierdzi już, że to jego identyfikator.',
      'features-fewer': (network) => `Wiadomości do ${network} mogą zawierać mniej niż dotąd.`,
      'features-more': (network) => `Wiadomości do ${network} mogą zawierać więcej niż dotąd.`,
    },
    page: {
      address: 'adres',
      assurance: 'pewność',
      bridge: 'most',
      endpoint: 'dostęp',
      stale: 'nieaktualne',
      encryption: 'szyfrowanie',
      readers: 'może czytać',
      explanation: 'prywatność',
      warning: 'uwaga',
      reasons: 'ponieważ',
      features: 'funkcje',
      automatic: 'automatycznie',
      contested: 'sporne',
      chains: 'także',
      since: 'od',
      connect: ({ placement, source, protocol, operator }) =>
        `${placement}, protokół ${protocol}${operator === undefined ? '' : `, operator ${operator}`} (${source})`,
      noConnect: 'żaden nie jest znany',
      noReaders: 'nadawca i odbiorca',
      isAutomatic: 'tak, odbiorca o to prosi',
      isNotAutomatic: 'nie, najpierw zapytać',
      isContested: 'inni też twierdzą, że to ich identyfikator',
      life: (since, expires) => `${since}, do ${expires}`,
      optedOut: 'Ta osoba nie chce być tu znajdowana.',
      alternatives: 'Sieci, których można spróbować zamiast tego:',
      noBridge: 'brak mostu',
      notAvailable: 'obecnie bez opisu',
      isStale: (network) => `ostatnio nie było połączenia z ${network}`,
      checked: (epoch, witnesses) =>
        `sprawdzono: epoka ${epoch}, ${plural(witnesses, { one: '# podpis świadka', few: '# podpisy świadków', many: '# podpisów świadków', other: '# podpisu świadków' })}`,
      accountSeen: (state, when, checker) => `${state}, sprawdzono ${when} UTC przez ${checker}`,
      moreRoutes: (n) =>
        plural(n, {
          one: 'i jeszcze # droga',
          few: 'i jeszcze # drogi',
          many: 'i jeszcze # dróg',
          other: 'i jeszcze # drogi',
        }),
    },
  };
}
