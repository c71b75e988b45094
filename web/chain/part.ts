// "Chain": a lasting public identity (protocol.md §9) as a directory has it: fetched with its proof and replayed in this browser. What
// was seen of its accounts is the directory's word, and said to be; nobody else is asked, for the account's owner may run who is.
import type { FoundChain, ReadVerdict } from '../../src/index.ts';
import { button, facts, field, fill, h, select, table } from '../dom.ts';
import type { Part, Place } from '../place.ts';
import { codeOf, problemText } from '../problem.ts';
import type { Session } from '../sdk.ts';
import { readSeen, search, stateOf, type Shown } from './search.ts';

/** A chain's id as it is, or as the end of its `did:web`. */
const ID = /^(?:did:web:.*:)?([\w-]{43})$/;

export function open(place: Place): Part {
  const { texts, settings, sessions, locale, language, say } = place;
  const t = texts.chain;
  const times = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const directory = select(settings.directories.map((domain) => [domain, domain]));
  const wanted = h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
  const look = h('button', { type: 'submit', class: 'main' }, t.show);
  const listed = h('div', {});
  const shown = h('div', { class: 'chain' });
  let turn = 0;

  /** Whatever gives a chain, with what there is to say while and after. */
  async function show(read: (session: Session) => Promise<FoundChain | undefined>): Promise<void> {
    const domain = directory.value;
    await attempt(async (session, isLate) => {
      const found = await read(session);
      if (isLate()) return;
      if (found === undefined) {
        fill(shown, h('p', { class: 'note warn', role: 'alert' }, t.absent(domain)));
        return;
      }
      const verdicts = await readSeen(session, domain, found);
      if (isLate()) return;
      fill(shown, draw({ found, verdicts }, domain, session));
      say(t.holds(found.links.length));
    });
  }

  /** Everybody who claims an account; whom one picks is drawn below. */
  async function searchFor(text: string): Promise<void> {
    const domain = directory.value;
    await attempt(async (session, isLate) => {
      const pick = (picked: Shown) => {
        turn += 1;
        fill(shown, draw(picked, domain, session));
        shown.querySelector('h2')?.focus();
      };
      const { names, sections, count } = await search(text, {
        place,
        session,
        domain,
        explain: failure,
        show: pick,
      });
      if (isLate()) return;
      fill(listed, sections);
      const all = new Intl.ListFormat(locale, { type: 'disjunction' }).format(names);
      fill(
        shown,
        sections.length === 0 ? h('p', { class: 'note warn', role: 'alert' }, t.unclaimed(domain, all)) : undefined,
      );
      if (sections.length > 0) say(t.counted(count));
    });
  }

  /** Does what was asked last; what comes too late is not shown. */
  async function attempt(work: (session: Session, isLate: () => boolean) => Promise<void>): Promise<void> {
    const mine = (turn += 1);
    wanted.removeAttribute('aria-invalid');
    fill(listed);
    fill(shown, h('p', { class: 'quiet loading' }, texts.loading));
    try {
      await work(await sessions.open(), () => mine !== turn);
    } catch (error) {
      const text = await failure(error);
      if (mine !== turn) return;
      fill(shown, h('p', { class: 'note bad', role: 'alert' }, text));
      if (codeOf(error) !== 'account-invalid') return;
      wanted.setAttribute('aria-invalid', 'true');
      wanted.focus();
    }
  }

  async function failure(error: unknown): Promise<string> {
    const code = codeOf(error);
    // Without the SDK there is nothing it refused.
    const reason = await sessions.open().then(
      ({ sdk }) => sdk.chainReason(error),
      () => undefined,
    );
    if (reason !== undefined) return t.invalid(reason);
    if (code === 'account-invalid') return t.notWanted;
    return code === 'bucket-invalid' ? t.contradicts : problemText(texts, code);
  }

  function ask(): void {
    const text = wanted.value.trim();
    const [, id] = ID.exec(text) ?? [];
    if (id === undefined) void searchFor(text);
    else void show(({ client }) => client.findChain(directory.value, id));
  }

  /** Only in the sandbox: a chain to look at. Its key is forgotten with this page. */
  const begin = () =>
    void show(async ({ sdk, client }) => {
      const key = await sdk.generateTemporaryKey();
      const { state } = await client.startChain(directory.value, key);
      const claim = sdk.parseClaim({ service: 'dns', account: 'me.localhost' });
      const found = await client.appendLink(directory.value, state.id, { type: 'add-account', ...claim }, key);
      wanted.value = state.id;
      return found;
    });

  function draw({ found, verdicts }: Shown, domain: string, { sdk }: Session): HTMLElement[] {
    const { state, links, epoch, asOf, witnesses } = found;
    const { accountStates } = sdk.messagesIn(language);
    const accounts = state.accounts.map(({ service, account, link, claimedAt }) => {
      const seen = verdicts.find((one) => one.link === link);
      const said = stateOf(seen);
      return [
        h('code', {}, `${service}:${account}`),
        h('div', {}, h('span', { class: `chip ${said}` }, accountStates[said]), why(seen)),
        seen?.checkedAt === undefined ? '–' : times.format(new Date(seen.checkedAt)),
        times.format(new Date(claimedAt * 1_000)),
      ];
    });
    return [
      section(
        'identity',
        t.identity,
        h('p', { class: `note ${state.ended ? 'warn' : 'good'}` }, state.ended ? t.ended : t.holds(links.length)),
        facts([
          [t.id, h('code', {}, state.id)],
          [texts.directory, domain],
          [texts.log.columns.epoch, `${epoch}, ${times.format(new Date(asOf))}`],
          [t.witnesses, String(witnesses)],
          [t.latest, times.format(new Date(state.latest * 1_000))],
          [t.names, String(state.names.length)],
        ]),
      ),
      section(
        'accounts',
        t.accounts,
        h('p', { class: 'hint' }, t.accountsHint(domain)),
        accounts.length === 0
          ? h('p', { class: 'quiet' }, t.noAccounts)
          : table(t.accounts, [t.columns.account, t.columns.state, t.columns.checked, t.columns.claimed], accounts),
      ),
      section(
        'keys',
        t.keys,
        h('p', { class: 'hint' }, t.keysHint),
        h(
          'ul',
          { class: 'keys' },
          Array.from(state.keys.keys(), (key) => h('li', {}, h('code', {}, key), ' ', chip('live', t.live))),
          Array.from(state.removed, (key) => h('li', {}, h('code', {}, key), ' ', chip('withdrawn', t.removed))),
        ),
      ),
    ];
  }

  const why = (seen: ReadVerdict | undefined): HTMLElement | undefined =>
    seen?.reason === undefined || stateOf(seen) === 'unchecked'
      ? undefined
      : h('p', { class: 'hint' }, t.because(seen.reason));

  return {
    element: h(
      'div',
      {},
      h(
        'form',
        {
          class: 'card',
          novalidate: true,
          onsubmit: (event) => {
            event.preventDefault();
            ask();
          },
        },
        h(
          'div',
          { class: 'row' },
          field(texts.directory, directory).element,
          field(t.wanted, wanted, t.wantedHint).element,
          look,
        ),
        settings.sandbox ? h('p', { class: 'samples' }, button(t.begin, begin, { class: 'sample' })) : undefined,
      ),
      listed,
      shown,
    ),
  };
}

const chip = (look: string, text: string): HTMLElement => h('span', { class: `chip ${look}` }, text);

const section = (name: string, title: string, ...children: HTMLElement[]): HTMLElement =>
  h(
    'section',
    { class: 'card', 'aria-labelledby': `chain-${name}` },
    h('h2', { id: `chain-${name}`, tabindex: -1 }, title),
    children,
  );
