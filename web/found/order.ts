// A list whose order one chooses: by dragging with mouse or finger, and by buttons, which do the same for the keyboard.
import { button, fill, h, icon } from '../dom.ts';

export interface OrderTexts {
  readonly moveUp: (name: string) => string;
  readonly moveDown: (name: string) => string;
  readonly remove: (name: string) => string;
  readonly moved: (name: string, place: number, of: number) => string;
}

interface Item {
  readonly key: string;
  readonly name: string;
  /** What is shown beside the name. */
  readonly body: HTMLElement;
}

export interface Order {
  readonly element: HTMLElement;
  keys(): readonly string[];
  add(item: Item): void;
  clear(): void;
}

/** An ordered list; `onChange` after every change, `say` for what a screen reader should hear of it. */
export function createOrder(texts: OrderTexts, say: (text: string) => void, onChange: () => void): Order {
  let items: Item[] = [];
  const list = h('ol', { class: 'order' });
  const rows = new Map<string, HTMLElement>();

  const draw = () => {
    fill(
      list,
      items.map(({ key }) => rows.get(key)),
    );
    for (const [at, { key }] of items.entries())
      for (const [place, control] of rows.get(key)?.querySelectorAll<HTMLButtonElement>('.moves button').entries() ??
        [])
        // Disabled would lose the focus of whoever has just arrived at an end.
        if (place < 2) control.setAttribute('aria-disabled', String(place === 0 ? at === 0 : at === items.length - 1));
    onChange();
  };

  const move = (key: string, to: number) => {
    const from = items.findIndex((item) => item.key === key);
    const item = items[from];
    if (item === undefined || to < 0 || to >= items.length || to === from) return;
    items = items.toSpliced(from, 1).toSpliced(to, 0, item);
    draw();
    say(texts.moved(item.name, to + 1, items.length));
  };

  const createRow = ({ key, name, body }: Item): HTMLElement => {
    const handle = h(
      'span',
      { class: 'handle', 'aria-hidden': 'true' },
      icon('M9 5h.01M15 5h.01M9 12h.01M15 12h.01M9 19h.01M15 19h.01'),
    );
    const step = (by: number) => () => {
      const focused = document.activeElement;
      move(key, items.findIndex((item) => item.key === key) + by);
      if (focused instanceof HTMLElement) focused.focus();
    };
    const row = h(
      'li',
      { class: 'card', 'data-key': key },
      h(
        'div',
        { class: 'head' },
        handle,
        h(
          'div',
          { class: 'name' },
          h('strong', {}, name),
          key === name ? undefined : h('span', { class: 'mono quiet' }, key),
        ),
        h(
          'div',
          { class: 'moves' },
          button(icon('M12 19V5m-6 6 6-6 6 6'), step(-1), { 'aria-label': texts.moveUp(name) }),
          button(icon('M12 5v14m6-6-6 6-6-6'), step(1), { 'aria-label': texts.moveDown(name) }),
          button(
            icon('M6 6l12 12M18 6 6 18'),
            () => {
              const place = items.findIndex((item) => item.key === key);
              items = items.filter((item) => item.key !== key);
              rows.delete(key);
              draw();
              // Where it was, the next one is; else whatever comes first.
              (list.children[place] ?? list.lastElementChild)?.querySelector<HTMLElement>('.moves button')?.focus();
            },
            { 'aria-label': texts.remove(name) },
          ),
        ),
      ),
      body,
    );
    handle.addEventListener('pointerdown', (event) => drag(event, handle, row, key));
    return row;
  };

  function drag(start: PointerEvent, handle: HTMLElement, row: HTMLElement, key: string): void {
    start.preventDefault();
    handle.setPointerCapture(start.pointerId);
    row.classList.add('dragged');
    const onMove = ({ clientY }: PointerEvent) => {
      const others = items.filter((item) => item.key !== key);
      const above = others.filter((item) => {
        const box = rows.get(item.key)?.getBoundingClientRect();
        return box !== undefined && clientY > box.top + box.height / 2;
      });
      if (items.findIndex((item) => item.key === key) === above.length) return;
      move(key, above.length);
      handle.setPointerCapture(start.pointerId);
    };
    const onEnd = () => {
      row.classList.remove('dragged');
      handle.removeEventListener('pointermove', onMove);
    };
    handle.addEventListener('pointermove', onMove);
    handle.addEventListener('pointerup', onEnd, { once: true });
    handle.addEventListener('pointercancel', onEnd, { once: true });
  }

  return {
    element: list,
    keys: () => items.map(({ key }) => key),
    add: (item) => {
      items = [...items, item];
      rows.set(item.key, createRow(item));
      draw();
    },
    clear: () => {
      items = [];
      rows.clear();
      draw();
    },
  };
}
