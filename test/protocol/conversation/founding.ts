// The picture of the founding text: AliceChat and BobChat have a bridge between them, BobChat and CharlieChat meet on Matrix,
// AliceChat and CharlieChat on XMPP, each over bridges of their own.
import type { Bridge } from '../../../src/protocol/bridge-listing.ts';
import type { Asked, Known } from '../../../src/protocol/conversation/gather.ts';
import type { Description } from '../../../src/protocol/description.ts';

const bridge = (id: string, networks: readonly string[], more: Partial<Bridge> = {}): Bridge => ({
  id,
  from: ['*'],
  protocol: 'any',
  placement: 'server',
  encryption: 're-encrypted',
  endpoint: `https://${id.split('/')[0] ?? ''}/in`,
  networks,
  for: ['direct', 'group'],
  ...more,
});

const OSCAR = bridge('oscar.example/ab', ['alicechat.example', 'bob.chat'], { operator: 'oscar.example' });

const network = (domain: string, bridges: readonly Bridge[]): Description => ({
  version: 1,
  domain,
  provider: { protocols: [domain.split('.')[0] ?? ''], features: ['text', 'file'], encryption: 'end-to-end', bridges },
});

export const DESCRIPTIONS: readonly Description[] = [
  network('alicechat.example', [OSCAR, bridge('alicechat.example/xmpp', ['alicechat.example', 'xmpp'])]),
  network('bob.chat', [OSCAR, bridge('bob.chat/matrix', ['bob.chat', 'matrix'])]),
  network('charliechat.example', [
    bridge('charliechat.example/matrix', ['charliechat.example', 'matrix']),
    bridge('charliechat.example/xmpp', ['charliechat.example', 'xmpp']),
  ]),
];

export const ASKED: Asked = { id: 'c-1', terminals: ['alicechat.example', 'bob.chat', 'charliechat.example'] };
export const KNOWN: Known = { descriptions: DESCRIPTIONS, health: () => undefined };
