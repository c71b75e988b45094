// A bridge of one's own for a route: it wins over those the provider offers (§8.2).
import type { RouteChoice } from '../../src/index.ts';
import { field, h, select, tick } from '../dom.ts';
import type { Texts } from '../text/texts.ts';

type Bridges = NonNullable<RouteChoice['bridges']>;

export interface OwnBridge {
  readonly element: HTMLElement;
  /** Undefined where none is wanted. */
  bridges(domain: string): Bridges | undefined;
}

const PLACEMENTS = ['server', 'client', 'local', 'p2p'] as const;
type Placement = (typeof PLACEMENTS)[number];

const isPlacement = (value: string): value is Placement => PLACEMENTS.some((one) => one === value);

/** `placements`: what each is called, once the SDK is there to say so. */
export function createBridge(texts: Texts, placements: Promise<Readonly<Record<Placement, string>>>): OwnBridge {
  const t = texts.found;
  const wanted = tick(t.bridge, t.bridgeHint);
  const text = (props: Readonly<Record<string, string>>) =>
    h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', ...props });
  const endpoint = field(t.bridgeEndpoint, text({ type: 'url', placeholder: 'https://' }));
  const protocol = field(t.bridgeProtocol, text({ placeholder: 'matrix' }));
  const from = field(t.bridgeFrom, text({ value: '*' }));
  const placement = field(t.bridgePlacement, select(PLACEMENTS.map((value) => [value, value])));
  void placements.then((said) => {
    for (const option of placement.control.options) if (isPlacement(option.value)) option.text = said[option.value];
  });
  const details = h(
    'div',
    { class: 'grid', hidden: true },
    endpoint.element,
    protocol.element,
    from.element,
    placement.element,
  );
  wanted.control.addEventListener('change', () => (details.hidden = !wanted.control.checked));
  return {
    element: h('div', { class: 'bridge' }, wanted.element, details),
    bridges: (domain) => {
      if (!wanted.control.checked) return undefined;
      const [url, spoken, users] = [endpoint, protocol, from].map(({ control }) => control.value.trim());
      const where = placement.control.value;
      return [
        {
          from: [users || '*'],
          protocol: spoken || 'matrix',
          placement: isPlacement(where) ? where : 'server',
          encryption: 're-encrypted',
          networks: [domain, spoken || 'matrix'],
          ...(url === undefined || url === '' ? {} : { endpoint: url }),
        },
      ];
    },
  };
}
