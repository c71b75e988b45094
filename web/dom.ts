// Elements without markup: text stays text, whoever wrote it. Knows no section.

type Child = Node | string | undefined | readonly Child[];
type Props = Readonly<Record<string, string | number | boolean | undefined | ((event: Event) => void)>>;

/** An element: strings and numbers become attributes, `true` one without a value, functions listeners (`onclick`). */
export function h<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[T] {
  const element = document.createElement(tag);
  give(element, props, children);
  return element;
}

/** The same for a picture. */
export function svg<T extends keyof SVGElementTagNameMap>(
  tag: T,
  props: Props = {},
  ...children: Child[]
): SVGElementTagNameMap[T] {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  give(element, props, children);
  return element;
}

function give(element: Element, props: Props, children: readonly Child[]): void {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  append(element, children);
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined) continue;
    if (typeof child === 'string' || child instanceof Node) element.append(child);
    else append(element, child);
  }
}

/** Puts other children in place of those there are. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

let ids = 0;
/** An id that no other element of the page has. */
export const newId = (): string => `e${(ids += 1)}`;

/** A field with its label above it, and a hint below that belongs to it. */
export function field<E extends HTMLInputElement | HTMLSelectElement>(
  label: string,
  control: E,
  hint?: string,
): { readonly element: HTMLElement; readonly control: E } {
  control.id ||= newId();
  const note = hint === undefined ? undefined : h('p', { class: 'hint', id: newId() }, hint);
  if (note !== undefined) control.setAttribute('aria-describedby', note.id);
  return { element: h('div', { class: 'field' }, h('label', { for: control.id }, label), control, note), control };
}

/** A box to tick, with what it means. */
export function tick(label: string, hint: string | undefined, checked = false) {
  const control = h('input', { type: 'checkbox', id: newId(), checked });
  const note = hint === undefined ? undefined : h('p', { class: 'hint', id: newId() }, hint);
  if (note !== undefined) control.setAttribute('aria-describedby', note.id);
  return {
    element: h('div', { class: 'tick' }, control, h('label', { for: control.id }, label), note),
    control,
  };
}

/** A drawn sign, for those who see it; what it means stands in the label of its button. */
export const icon = (path: string): SVGElement =>
  svg(
    'svg',
    { class: 'icon', viewBox: '0 0 24 24', width: 20, height: 20, 'aria-hidden': 'true' },
    svg('path', { d: path }),
  );

export const button = (label: string | SVGElement, onclick: () => void, props: Props = {}): HTMLButtonElement =>
  h('button', { type: 'button', onclick, ...props }, label);

export function select(options: readonly (readonly [value: string, label: string])[], chosen?: string) {
  return h(
    'select',
    {},
    options.map(([value, label]) => h('option', { value, selected: value === chosen }, label)),
  );
}

/** A table that may be wider than a phone: it scrolls by itself, with the keyboard too. */
export function table(caption: string, columns: readonly string[], rows: readonly (readonly Child[])[]): HTMLElement {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption },
    h(
      'table',
      {},
      h('caption', { class: 'away' }, caption),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map((column) => h('th', { scope: 'col' }, column)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((cells) =>
          h(
            'tr',
            {},
            cells.map((cell) => h('td', {}, cell)),
          ),
        ),
      ),
    ),
  );
}

/** Names and values. */
export const facts = (pairs: readonly (readonly [name: string, value: Child])[]): HTMLElement =>
  h(
    'dl',
    { class: 'facts' },
    pairs.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  );
