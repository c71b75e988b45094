// What was registered from this browser: shown, changed, withdrawn, taken along.
import { button, fill, h, table } from '../dom.ts';
import type { Place } from '../place.ts';
import { showProblem } from '../problem.ts';
import { dropKept, exportKept, importKept, listKept, saveKept, type Kept } from '../registrations.ts';

export interface Registered {
  readonly element: HTMLElement;
  refresh(): void;
}

/** `onChange`: somebody wants to change one of them. */
export function createRegistered(place: Place, onChange: (kept: Kept) => void): Registered {
  const { texts, sessions, locale } = place;
  const t = texts.found;
  const list = h('div', {});
  const outcome = h('div', {});
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });

  const withdraw = async (kept: Kept, control: HTMLButtonElement) => {
    control.disabled = true;
    fill(outcome);
    try {
      const { sdk, client } = await sessions.open();
      const registration = await sdk.parseRegistration(kept.registration);
      await client.withdraw(registration);
      const { size } = await client.log(registration.directory, { epochs: 1 });
      saveKept({ ...kept, withdrawn: size - 1 });
      refresh();
      fill(outcome, h('p', { class: 'note good', role: 'status' }, t.withdrawn));
    } catch (error) {
      control.disabled = false;
      fill(outcome, showProblem(texts, error));
    }
  };

  const rowOf = (kept: Kept) => {
    const { label, routes, withdrawn, id } = kept;
    const { directory, expires, kept: keys } = readPublic(kept);
    const state = withdrawn !== undefined ? 'withdrawn' : routes.length === 0 ? 'optedOut' : 'live';
    const actions =
      withdrawn === undefined
        ? [
            keys ? button(t.change('').trim(), () => onChange(kept), { 'aria-label': t.change(label) }) : undefined,
            button(t.withdraw('').trim(), () => undefined, { class: 'withdraw', 'aria-label': t.withdraw(label) }),
          ]
        : [button(t.forget('').trim(), () => (dropKept(id), refresh()), { 'aria-label': t.forget(label) })];
    const cell = h('div', { class: 'actions' }, actions);
    const control = cell.querySelector<HTMLButtonElement>('.withdraw');
    control?.addEventListener('click', () => void withdraw(kept, control));
    return [
      h('strong', {}, label),
      directory,
      routes.length === 0 ? '–' : routes.map(({ address, domain }) => address || domain).join(', '),
      expires === undefined ? '–' : dates.format(new Date(expires * 1000)),
      h('span', { class: `chip ${state}` }, t.states[state]),
      cell,
    ];
  };

  function refresh(): void {
    const all = listKept();
    const { at, routes, until, state } = t.columns;
    fill(
      list,
      all.length === 0
        ? h('p', { class: 'quiet' }, t.none)
        : table(t.registered, [texts.identifier, at, routes, until, state, ''], all.map(rowOf)),
    );
  }

  const file = h('input', {
    type: 'file',
    accept: 'application/json',
    hidden: true,
    'aria-hidden': 'true',
    tabindex: -1,
  });
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    if (chosen === undefined) return;
    void sessions
      .open()
      .then(async ({ sdk }) => importKept(sdk, await chosen.text()))
      .then(
        (count) => {
          refresh();
          fill(outcome, h('p', { class: 'note good', role: 'status' }, t.imported(count)));
        },
        () => fill(outcome, showProblem(texts, { code: 'request-invalid' })),
      )
      .finally(() => (file.value = ''));
  });
  const save = () => {
    const url = URL.createObjectURL(new Blob([exportKept()], { type: 'application/json' }));
    h('a', { href: url, download: 'whereabouts.json' }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1_000);
  };
  refresh();
  return {
    element: h(
      'section',
      { class: 'card', 'aria-labelledby': 'registered' },
      h('h2', { id: 'registered', tabindex: -1 }, t.registered),
      h('p', { class: 'hint' }, t.registeredHint),
      outcome,
      list,
      h(
        'div',
        { class: 'actions' },
        button(t.export, save),
        button(t.import, () => file.click()),
        file,
      ),
      h('p', { class: 'hint' }, t.exportHint),
    ),
    refresh,
  };
}

/** What of a kept registration is shown: read without the SDK. */
function readPublic({ registration }: Kept): { directory: string; expires: number | undefined; kept: boolean } {
  const value: unknown = JSON.parse(registration);
  if (typeof value !== 'object' || value === null) return { directory: '–', expires: undefined, kept: false };
  return {
    directory: 'directory' in value && typeof value.directory === 'string' ? value.directory : '–',
    expires: 'expires' in value && typeof value.expires === 'number' ? value.expires : undefined,
    kept: 'kept' in value,
  };
}
