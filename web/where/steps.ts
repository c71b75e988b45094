// How a look-up goes, as it goes: six steps, each with what the asker knows beside what the directories saw. Told by the requests
// that really leave this browser, and by the checks the SDK reports.
import type { Answer, Language } from '../../src/index.ts';
import { fill, h, table } from '../dom.ts';
import { problemText } from '../problem.ts';
import type { StepName, StepState, Texts } from '../text/texts.ts';
import type { Sent } from '../wire.ts';

const STEPS: readonly StepName[] = ['canonical', 'blinded', 'evaluated', 'fetched', 'checked', 'opened'];

const BUCKET = /^\/v1\/buckets\/(\d+)\/(\d+)$/;

export interface Steps {
  readonly element: HTMLElement;
  canonical(identifier: string): void;
  sent(request: Sent): void;
  answered(answer: Answer): void;
  failed(): void;
}

interface Row {
  readonly item: HTMLElement;
  readonly state: HTMLElement;
  readonly knows: HTMLElement;
  readonly saw: HTMLElement;
}

/** The panel of one look-up. */
export function createSteps(texts: Texts, language: Language): Steps {
  const t = texts.where;
  const numbers = new Intl.NumberFormat(language);
  const rows = new Map<StepName, Row>(STEPS.map((name, at) => [name, createRow(texts, name, at + 1)]));
  const requests = new Set<Sent>();
  const list = h('div', {});
  const row = (name: StepName): Row => rows.get(name) ?? createRow(texts, name, 0);
  const set = (name: StepName, state: StepState) => {
    const { item, state: label } = row(name);
    item.dataset['state'] = state;
    label.textContent = t.states[state];
  };
  const tell = (element: HTMLElement, lines: readonly string[]) =>
    fill(element, lines.length === 0 ? h('p', { class: 'quiet' }, t.nothing) : lines.map((line) => h('p', {}, line)));
  const element = h(
    'section',
    { class: 'card steps', 'aria-label': t.steps },
    h('h2', {}, t.steps),
    h(
      'div',
      { class: 'step heads', 'aria-hidden': 'true' },
      h('span', {}),
      h('span', {}, t.youKnow),
      h('span', {}, t.directoriesSaw),
    ),
    h(
      'ol',
      {},
      [...rows.values()].map(({ item }) => item),
    ),
    h('details', {}, h('summary', {}, t.requests), list),
  );

  const showRequests = () => {
    const { method, host, path, sent, received } = t.requestColumns;
    const lines = [...requests].map((one) => [
      one.method,
      one.host,
      h('code', {}, one.path),
      one.body === undefined ? '–' : h('code', {}, one.body),
      one.received === undefined ? '…' : `${one.received}`,
    ]);
    fill(list, table(t.requests, [method, host, path, sent, received], lines));
  };
  const evaluations = () => [...requests].filter(({ path }) => path === '/v1/evaluate');
  const reads = () => [...requests].filter(({ path }) => BUCKET.test(path));

  return {
    element,
    canonical: (identifier) => {
      set('canonical', 'done');
      tell(row('canonical').knows, [identifier]);
      set('blinded', 'running');
    },
    sent: (request) => {
      // A domain's description is read on a schedule, whoever is looked for.
      if (request.path === '/.well-known/whereabouts') return;
      requests.add(request);
      const asked = evaluations();
      if (asked.length > 0) {
        set('blinded', 'done');
        set('evaluated', asked.every(({ received }) => received !== undefined) ? 'done' : 'running');
        tell(
          row('evaluated').saw,
          asked.map(({ host }) => t.sawElement(host)),
        );
        tell(row('blinded').knows, blindedOf(asked));
      }
      const read = reads();
      if (read.length > 0) {
        set('fetched', read.every(({ received }) => received !== undefined) ? 'done' : 'running');
        tell(
          row('fetched').saw,
          read.map(({ host, path }) => {
            const [, depth, bucket] = BUCKET.exec(path) ?? [];
            return t.sawBucket(host, Number(bucket), 2 ** Number(depth));
          }),
        );
      }
      showRequests();
    },
    answered: (answer) => {
      const checks = answer.directories.map(({ domain, checks = [], code }) => ({
        held: checks.filter(({ outcome }) => outcome === 'held').length,
        all: checks.length,
        domain,
        code,
      }));
      tell(row('evaluated').knows, [t.filedUnder]);
      const octets = reads().reduce((sum, { received = 0 }) => sum + received, 0);
      tell(row('fetched').knows, [t.sealed(numbers.format(octets))]);
      const isDone = checks.every(({ code }) => code === undefined);
      if (isDone) for (const name of ['blinded', 'evaluated', 'fetched'] as const) set(name, 'done');
      else for (const name of STEPS) if (row(name).item.dataset['state'] !== 'done') set(name, 'failed');
      set('checked', isDone ? 'done' : 'failed');
      tell(
        row('checked').knows,
        checks.map(({ domain, held, all, code }) =>
          code === undefined ? `${domain}: ${t.checksHeld(held, all)}` : `${domain}: ${problemText(texts, code)}`,
        ),
      );
      set('opened', isDone || answer.outcome === 'found' ? 'done' : 'failed');
      tell(
        row('opened').knows,
        answer.routes.length === 0
          ? [t.outcomes[answer.outcome]]
          : answer.routes.map(({ provider, address }) => address ?? provider.domain),
      );
    },
    failed: () => {
      for (const name of STEPS) if (row(name).item.dataset['state'] !== 'done') set(name, 'failed');
    },
  };
}

function createRow(texts: Texts, name: StepName, number: number): Row {
  const t = texts.where;
  const state = h('span', { class: 'state' }, t.states.waiting);
  const knows = h('div', { class: 'cell' }, h('p', { class: 'quiet' }, '…'));
  const saw = h('div', { class: 'cell' }, h('p', { class: 'quiet' }, t.nothing));
  const item = h(
    'li',
    { class: 'step', 'data-state': 'waiting', 'data-step': name },
    h(
      'div',
      { class: 'what' },
      h('span', { class: 'dot', 'aria-hidden': 'true' }, String(number)),
      h('div', {}, h('strong', {}, t.names[name]), state, h('p', { class: 'hint' }, t.about[name])),
    ),
    h('div', { class: 'side' }, h('span', { class: 'tag' }, t.youKnow), knows),
    h('div', { class: 'side theirs' }, h('span', { class: 'tag' }, t.directoriesSaw), saw),
  );
  return { item, state, knows, saw };
}

/** The element as it was sent: the same one goes to every directory. */
function blindedOf(asked: readonly Sent[]): string[] {
  const elements = asked.flatMap(({ body }) => /"blinded":\["([\w-]+)"/.exec(body ?? '')?.[1] ?? []);
  return [...new Set(elements)].map((element) => `${element.slice(0, 22)}…`);
}
