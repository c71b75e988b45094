// "Where is Bob?": the question, how it is answered step by step, and the chooser. The identifier stays in this page's memory: it is
// in no address, no storage and no request.
import type { Answer } from '../../src/index.ts';
import { button, field, fill, h, select } from '../dom.ts';
import { findChoice, isStrings, isTexts, keepChoice, read, write } from '../kept.ts';
import type { Part, Place } from '../place.ts';
import { showProblem } from '../problem.ts';
import { loadSdk, type Session } from '../sdk.ts';
import { showAnswer } from './chooser.ts';
import { createSteps } from './steps.ts';

const OTHER = '';

/** Region of national numbers, where the browser says one. */
const regionOf = (tag: string): string | undefined => new Intl.Locale(tag).region;

export function open(place: Place): Part {
  const { texts, settings, sessions, language } = place;
  const t = texts.where;
  const identifier = h('input', {
    type: 'text',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    required: true,
    'aria-required': 'true',
  });
  const asker = select(
    [
      ...settings.askers.map(({ name, policy }) => [policy.domain, `${name} (${policy.domain})`] as const),
      [OTHER, t.otherDomain] as const,
    ],
    read('asker', (value) => typeof value === 'string'),
  );
  const own = field(
    t.ownDomain,
    h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', inputmode: 'url' }),
  );
  const showOwn = () => (own.element.hidden = asker.value !== OTHER);
  asker.addEventListener('change', showOwn);
  showOwn();
  const ask = h('button', { type: 'submit', class: 'main' }, t.ask);
  const result = h('div', { class: 'result' });
  const named = field(texts.identifier, identifier, texts.identifierHint);
  const form = h(
    'form',
    { class: 'card question', novalidate: true, onsubmit: (event) => (event.preventDefault(), void look()) },
    h(
      'div',
      { class: 'row' },
      named.element,
      h('div', { class: 'asker' }, field(t.asker, asker).element, own.element),
      ask,
    ),
    settings.samples.length === 0
      ? undefined
      : h(
          'p',
          { class: 'samples' },
          h('span', {}, `${t.samples}:`),
          settings.samples.map((sample) =>
            button(
              sample.name === '?' ? t.nobody : sample.name,
              () => {
                identifier.value = sample.identifier;
                void look();
              },
              { class: 'sample' },
            ),
          ),
        ),
  );
  // Whoever begins to type will want it in a moment.
  form.addEventListener('focusin', () => void loadSdk().catch(() => undefined), { once: true });

  let turn = 0;
  async function look(focus = true): Promise<void> {
    const mine = (turn += 1);
    const input = identifier.value;
    identifier.removeAttribute('aria-invalid');
    ask.textContent = t.asking;
    const steps = createSteps(texts, language);
    const answered = h('div', { class: 'answered' });
    fill(result, steps.element, answered);
    place.say(t.asking);
    try {
      const from = asker.value === OTHER ? own.control.value.trim().toLowerCase() : asker.value;
      const session = await sessions.open(
        settings.askers.some(({ policy }) => policy.domain === from) ? from : from || undefined,
      );
      const region = regionOf(navigator.language);
      const id = session.sdk.parseIdentifier(input, region);
      write('asker', asker.value);
      steps.canonical(id);
      const stop = session.wire.listen((sent) => mine === turn && steps.sent(sent));
      const answer = await askFor(session, id).finally(stop);
      if (mine !== turn) return;
      steps.answered(answer);
      show(session, answer, answered, id);
      if (focus) lead(answered);
      place.say(t.outcomes[answer.outcome]);
    } catch (error) {
      if (mine !== turn) return;
      steps.failed();
      fill(result, showProblem(texts, error));
      identifier.setAttribute('aria-invalid', 'true');
      identifier.focus();
    } finally {
      if (mine === turn) ask.textContent = t.ask;
    }
  }

  /** To the answer, which may be below what can be seen. */
  function lead(into: HTMLElement): void {
    const heading = into.querySelector<HTMLElement>('h2');
    heading?.focus({ preventScroll: true });
    heading?.scrollIntoView({ block: 'start' });
  }

  async function askFor({ client }: Session, id: string): Promise<Answer> {
    const also = read('also', isStrings) ?? [];
    const preferences = read('preferences', isTexts) ?? {};
    const listed = (wanted: string) => Object.keys(preferences).filter((domain) => preferences[domain] === wanted);
    await client.start();
    for (const domain of also) await client.addNetwork(domain).catch(() => undefined);
    const chosen = await findChoice(id);
    return client.where(id, {
      language,
      explain: true,
      also,
      prefer: listed('prefer'),
      avoid: listed('avoid'),
      deadlineMilliseconds: 10_000,
      ...(chosen === undefined ? {} : { chosen }),
    });
  }

  function show(session: Session, answer: Answer, into: HTMLElement, id: string): void {
    const preferences = () => read('preferences', isTexts) ?? {};
    const again = () => void look();
    const avoided = Object.keys(preferences()).filter((domain) => preferences()[domain] === 'avoid');
    fill(
      into,
      showAnswer(place, answer, session.sdk.messagesIn(language), {
        preferenceOf: (domain) => {
          const kept = preferences()[domain];
          return kept === 'prefer' || kept === 'avoid' ? kept : 'none';
        },
        onOpen: (domain, name) =>
          void keepChoice(id, domain).then(() => {
            again();
            place.say(`${t.opened(name)} ${t.remembered}`);
          }),
        onForget: () =>
          void keepChoice(id, undefined).then(() => {
            again();
            place.say(t.forgotten);
          }),
        onPrefer: (domain, preference) => {
          write('preferences', { ...preferences(), [domain]: preference });
          again();
        },
      }),
      avoided.length === 0
        ? undefined
        : h(
            'p',
            { class: 'avoided' },
            t.avoided(avoided.join(', ')),
            ' ',
            button(t.resetAvoided, () => {
              write(
                'preferences',
                Object.fromEntries(Object.entries(preferences()).filter(([, kept]) => kept !== 'avoid')),
              );
              again();
            }),
          ),
      addNetwork(session, again),
    );
  }

  /** Networks by bare domain, offered where nobody is found. */
  function addNetwork({ client }: Session, again: () => void): HTMLElement {
    const domain = h('input', {
      type: 'text',
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      inputmode: 'url',
    });
    const outcome = h('div', {});
    const form = h(
      'form',
      {
        class: 'inline',
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          const wanted = domain.value.trim().toLowerCase();
          client.addNetwork(wanted).then(
            ({ domain: added }) => {
              write('also', [...new Set([...(read('also', isStrings) ?? []), added])]);
              again();
            },
            (error: unknown) => fill(outcome, showProblem(texts, error)),
          );
        },
      },
      field(t.addNetwork, domain, t.addNetworkHint).element,
      h('button', { type: 'submit' }, texts.add),
    );
    return h('details', { class: 'more' }, h('summary', {}, t.addNetwork), form, outcome);
  }

  return { element: h('div', {}, form, result) };
}
