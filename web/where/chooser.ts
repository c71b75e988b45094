// The answer as one chooses from it: ways to reach the person, with all there is to know before the first message; networks to try
// where there is none. Words about ways are the SDK's, in the reader's language.
import type { Alternative, Answer, AnswerRoute, Messages } from '../../src/index.ts';
import { button, facts, h, select } from '../dom.ts';
import { problemText } from '../problem.ts';
import type { Place } from '../place.ts';

export interface Choosing {
  /** Where a preference stands for a network. */
  readonly preferenceOf: (domain: string) => 'none' | 'prefer' | 'avoid';
  readonly onOpen: (domain: string, name: string) => void;
  readonly onForget: () => void;
  readonly onPrefer: (domain: string, preference: string) => void;
}

const nameOf = ({ domain, name }: { readonly domain: string; readonly name?: string }): string => name ?? domain;

/** What came of a question. */
export function showAnswer({ texts, locale }: Place, answer: Answer, said: Messages, choosing: Choosing): HTMLElement {
  const t = texts.where;
  const { page } = said;
  const title = answer.routes.length > 0 || answer.outcome !== 'found' ? t.outcomes[answer.outcome] : page.noConnect;
  const heading = h('h2', { tabindex: -1, id: 'answer' }, title);
  const dates = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  return h(
    'section',
    { class: 'answer', 'aria-labelledby': 'answer' },
    h('div', { class: `outcome ${answer.outcome}` }, heading, h('p', { class: 'mono' }, answer.id)),
    answer.contested ? h('p', { class: 'note warn' }, t.contested) : undefined,
    answer.routes.length === 0
      ? undefined
      : h(
          'ul',
          { class: 'routes' },
          answer.routes.map((route) => h('li', {}, routeCard({ texts, said, dates, route, choosing }))),
        ),
    answer.alternatives.length === 0
      ? undefined
      : h(
          'div',
          {},
          h('h3', {}, t.alternatives),
          h(
            'ul',
            { class: 'routes' },
            answer.alternatives.map((one) => h('li', {}, alternativeCard(said, one))),
          ),
        ),
    h(
      'ul',
      { class: 'reports' },
      answer.directories.map(({ domain, outcome, epoch, witnesses, code }) =>
        h(
          'li',
          {},
          h('span', { class: 'mono' }, domain),
          ' ',
          h('span', {}, code === undefined ? t.outcomes[outcome] : problemText(texts, code)),
          epoch === undefined ? undefined : h('span', { class: 'quiet' }, ` ${page.checked(epoch, witnesses ?? 0)}`),
        ),
      ),
    ),
  );
}

interface Card {
  readonly texts: Place['texts'];
  readonly said: Messages;
  readonly dates: Intl.DateTimeFormat;
  readonly route: AnswerRoute;
  readonly choosing: Choosing;
}

function routeCard({ texts, said, dates, route, choosing }: Card): HTMLElement {
  const t = texts.where;
  const { provider, connect, encryption, features } = route;
  const { page } = said;
  const name = nameOf(provider);
  const preference = select(
    (['none', 'prefer', 'avoid'] as const).map((value) => [value, t.preferences[value]]),
    choosing.preferenceOf(provider.domain),
  );
  preference.setAttribute('aria-label', t.preference(name));
  preference.addEventListener('change', () => choosing.onPrefer(provider.domain, preference.value));
  return h(
    'article',
    { class: `card route ${encryption.verdict}`, 'data-provider': provider.domain },
    h(
      'div',
      { class: 'top' },
      h('span', { class: 'logo', 'aria-hidden': 'true' }, name.slice(0, 1)),
      h(
        'div',
        {},
        h('h3', {}, name, route.chosen === true ? h('span', { class: 'chip' }, t.chosen) : undefined),
        h('p', { class: 'mono quiet' }, route.address ?? provider.domain),
      ),
      h('span', { class: `chip level ${encryption.verdict}` }, said.levels[encryption.level]),
    ),
    h('p', { class: 'explanation' }, encryption.explanation),
    facts([
      [page.assurance, said.assurances[route.assurance](route.issuers, provider.domain)],
      [page.readers, encryption.readers.length === 0 ? page.noReaders : encryption.readers.join(', ')],
      [
        page.bridge,
        connect === null
          ? page.noConnect
          : page.connect({
              placement: said.placements[connect.placement],
              source: said.sources[connect.source],
              protocol: connect.protocol,
              operator: connect.operator,
            }),
      ],
      [page.features, features.length === 0 ? '–' : features.join(', ')],
      [page.automatic, route.auto ? page.isAutomatic : page.isNotAutomatic],
      [page.since, page.life(dates.format(new Date(route.since)), dates.format(new Date(route.expires)))],
    ]),
    encryption.reasons.length === 0
      ? undefined
      : h(
          'details',
          {},
          h('summary', {}, page.reasons),
          h(
            'ul',
            {},
            encryption.reasons.map(({ text }) => h('li', {}, text)),
          ),
        ),
    h(
      'div',
      { class: 'actions' },
      button(t.open(name), () => choosing.onOpen(provider.domain, name), { class: 'main', disabled: connect === null }),
      route.chosen === true ? button(t.forget, choosing.onForget) : undefined,
      preference,
    ),
  );
}

function alternativeCard(said: Messages, one: Alternative): HTMLElement {
  const { page } = said;
  const { connect, encryption } = one;
  const name = nameOf(one);
  return h(
    'article',
    { class: `card route ${encryption.verdict}`, 'data-provider': one.domain },
    h(
      'div',
      { class: 'top' },
      h('span', { class: 'logo', 'aria-hidden': 'true' }, name.slice(0, 1)),
      h('div', {}, h('h4', {}, name), h('p', { class: 'mono quiet' }, one.domain)),
      h(
        'span',
        { class: `chip level ${encryption.verdict}` },
        one.available === false ? page.notAvailable : connect === null ? page.noBridge : said.levels[encryption.level],
      ),
    ),
    one.available === false ? undefined : h('p', { class: 'explanation' }, encryption.explanation),
  );
}
