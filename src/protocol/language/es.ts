// Spanish.
import type { BridgeName, Messages, Say } from './messages.ts';

export function es({ list, plural }: Say<'es'>): Messages {
  const name = ({ host, operator, isSaid }: BridgeName) =>
    host === operator ? host : `${host} (${isSaid ? 'que se dice operado' : 'operado'} por ${operator})`;
  const could = (n: number) => plural(n, { one: 'podría', many: 'podrían', other: 'podrían' });
  return {
    explanation: {
      endToEnd: () =>
        'Esta conversación está cifrada de extremo a extremo: solo tú y la persona a la que escribes podéis leerla.',
      undeclared: (networks) =>
        `Ningún puente abre esta conversación. ${list(networks)} no ${plural(networks.length, { one: 'dice', many: 'dicen', other: 'dicen' })} si está cifrada de extremo a extremo.`,
      onRecipientsDevice: () =>
        'Esta conversación se descifra y se vuelve a cifrar en el dispositivo de la persona a la que escribes. Nadie más puede leerla allí.',
      onOwnDevice: () =>
        'Esta conversación se descifra y se vuelve a cifrar en tu propio dispositivo. Nadie más puede leerla allí.',
      onBothDevices: () =>
        'Esta conversación se descifra y se vuelve a cifrar en tu dispositivo y en el de la otra persona. Nadie más puede leerla allí.',
      byBridges: (bridges, readers) =>
        `Esta conversación la vuelve a cifrar ${list(bridges.map(name))}, y ${plural(readers.length, { one: 'quien lo opera', many: 'quienes los operan', other: 'quienes los operan' })} ${could(readers.length)} leerla.`,
      notEndToEnd: (readers) =>
        `Esta conversación no está cifrada de extremo a extremo: ${list(readers)} ${could(readers.length)} leerla.`,
      noConnection: (from, provider) =>
        `No hay ningún puente de ${from} a ${provider}: ningún mensaje enviado desde aquí llegaría.`,
    },
    reasons: {
      'bridge-down': (bridge) =>
        `${bridge} no respondió en la última comprobación: los mensajes pueden retrasarse o perderse.`,
      'bridge-passed-over': (bridge) => `${bridge} sería la mejor vía, pero no respondió en la última comprobación.`,
      'bridge-says-native': (bridge) =>
        `${bridge} dice que transmite los mensajes sin abrirlos. Desde aquí no se puede comprobar.`,
      'common-language': (protocol) => `A las dos redes se llega por ${protocol}.`,
      'features-lost': (...features) => `Las dos redes lo permiten, pero no llega al otro lado: ${list(features)}.`,
      'network-encrypts': (network) => `${network} declara que cifra de extremo a extremo.`,
      'network-undeclared': (network) => `${network} no dice si cifra de extremo a extremo.`,
      'network-unencrypted': (network) => `${network} no cifra de extremo a extremo.`,
      'no-bridge': (from, provider) => `Nadie ofrece un puente de ${from} a ${provider}.`,
      'operator-confirmed': (operator, bridge) => `${operator} confirma que opera ${bridge}.`,
      'operator-unconfirmed': (operator, bridge) => `${operator} no confirma que opere ${bridge}.`,
      'peer-to-peer': () => 'Al otro lado los mensajes van de dispositivo a dispositivo, sin servidor.',
      'provider-advertises': (provider, from) => `${provider} ofrece este puente a los usuarios de ${from}.`,
      'recipient-chose': () => 'La persona a la que escribes ha elegido este puente.',
      'reencrypted-by-bridge': (bridge) => `${bridge} descifra los mensajes y los vuelve a cifrar.`,
      'reencrypted-on-own-device': () =>
        'Un puente en tu propio dispositivo descifra los mensajes y los vuelve a cifrar.',
      'reencrypted-on-recipients-device': () =>
        'Un puente en el dispositivo de la otra persona descifra los mensajes y los vuelve a cifrar.',
      'same-network': (network) => `Ambas personas estáis en ${network}.`,
      'same-protocol': (network, protocol) => `${network} habla por sí misma ${protocol}: no hace falta ningún puente.`,
      'through-recipients-app': () =>
        'En el dispositivo de la otra persona una aplicación entrega los mensajes a otra, como esa persona ha permitido.',
      'unencrypted-by-bridge': (bridge) => `${bridge} transmite los mensajes sin cifrado de extremo a extremo.`,
    },
    levels: {
      'end-to-end': 'de extremo a extremo',
      're-encrypted-on-recipients-device': 'cifrado de nuevo en el dispositivo de la persona',
      're-encrypted-by-bridge': 'cifrado de nuevo por el puente',
      'not-end-to-end': 'no de extremo a extremo',
    },
    placements: {
      native: 'sin puente',
      client: 'puente en el dispositivo de la persona',
      local: 'por la aplicación en el dispositivo de la persona',
      p2p: 'de par a par, en el dispositivo de la persona',
      server: 'puente en un servidor',
    },
    sources: {
      native: 'hablado de forma nativa',
      override: 'elegido por quien recibe',
      advertised: 'anunciado por el proveedor',
      common: 'una lengua de ambos lados',
    },
    assurances: {
      confirmed: (issuers, provider) => `identificador por ${issuers.join(', ')}, cuenta por ${provider}`,
      domain: (issuers) => `por ${issuers.join(', ')}, el dominio de la propia dirección; cuenta no confirmada`,
      attested: (issuers) => `identificador por ${issuers.join(', ')}; cuenta no confirmada`,
      claimed: (issuers) => `solo lo dice ${issuers.join(', ')}, en quien no confías para esto`,
    },
    existences: {
      found: 'está allí',
      absent: 'no está allí',
      unknown: 'no se pudo preguntar',
    },
    accountStates: {
      ok: 'demostrado',
      failed: 'no demostrado',
      unreachable: 'no contactado',
      unchecked: 'aún sin comprobar',
    },
    changes: {
      found: () => 'Ahora se puede encontrar a esta persona.',
      gone: () => 'Ya no se puede encontrar a esta persona.',
      'opted-out': () => 'Esta persona ya no quiere que la encuentren.',
      unknown: () => 'Por ahora no se puede comprobar si es posible encontrar a esta persona.',
      moved: (network, from) => `Esta persona prefiere ahora ${network} a ${from}.`,
      'route-added': (network) => `Ahora también se puede contactar con esta persona en ${network}.`,
      'route-removed': (network) => `Ya no se puede contactar con esta persona en ${network}.`,
      'address-changed': (network) => `La dirección de la persona en ${network} ha cambiado.`,
      'bridge-gone': (network) => `Ya no hay ningún camino hacia ${network}.`,
      'bridge-found': (network) => `Ahora hay un camino hacia ${network}.`,
      'bridge-changed': (network) => `Los mensajes a ${network} pasan ahora por otro puente.`,
      'encryption-worse': (network) => `Los mensajes a ${network} están menos protegidos que antes.`,
      'encryption-better': (network) => `Los mensajes a ${network} están mejor protegidos que antes.`,
      'reader-joined': (network, ...readers) =>
        `En el camino hacia ${network}, ahora también puede leer los mensajes: ${list(readers)}.`,
      'reader-left': (network, ...readers) =>
        `En el camino hacia ${network}, ya no puede leer los mensajes: ${list(readers)}.`,
      'assurance-worse': (network) => `Es menos seguro que antes de quién es esta cuenta en ${network}.`,
      'assurance-better': (network) => `Es más seguro que antes de quién es esta cuenta en ${network}.`,
      contested: () => 'Alguien más reclama también este identificador.',
      uncontested: () => 'Ya nadie más reclama este identificador.',
      'features-fewer': (network) => `Los mensajes a ${network} admiten menos que antes.`,
      'features-more': (network) => `Los mensajes a ${network} admiten más que antes.`,
    },
    page: {
      address: 'dirección',
      assurance: 'garantía',
      bridge: 'puente',
      endpoint: 'acceso',
      stale: 'desfasado',
      encryption: 'cifrado',
      readers: 'puede leer',
      explanation: 'privacidad',
      warning: 'atención',
      reasons: 'porque',
      features: 'funciones',
      automatic: 'automático',
      contested: 'en disputa',
      chains: 'también',
      since: 'desde',
      connect: ({ placement, source, protocol, operator }) =>
        `${placement}, protocolo ${protocol}${operator === undefined ? '' : `, operado por ${operator}`} (${source})`,
      noConnect: 'ninguno conocido',
      noReaders: 'quien envía y quien recibe',
      isAutomatic: 'sí, quien recibe lo pide',
      isNotAutomatic: 'no, preguntar antes',
      isContested: 'otros reclaman también este identificador',
      life: (since, expires) => `${since}, hasta ${expires}`,
      optedOut: 'Esta persona ha pedido que no se la encuentre aquí.',
      alternatives: 'Redes que probar en su lugar:',
      noBridge: 'sin puente',
      notAvailable: 'sin descripción por ahora',
      isStale: (network) => `no se ha podido contactar últimamente con ${network}`,
      checked: (epoch, witnesses) =>
        `comprobado: época ${epoch}, ${plural(witnesses, { one: '# testigo', many: '# de testigos', other: '# testigos' })}`,
      accountSeen: (state, when, checker) => `${state}, consultado el ${when} UTC por ${checker}`,
      moreRoutes: (n) => plural(n, { one: 'y # más', many: 'y # más', other: 'y # más' }),
    },
  };
}
