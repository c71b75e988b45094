// "Chain": a lasting public identity (protocol.md §9) as a directory has it: fetched with its proof and replayed in this browser. What
// was seen of its accounts is the directory's word, and said to be; nobody else is asked, for the account's owner may run who is.
import type { FoundChain, ReadVerdict } from '../../src/index.ts';
import { button, facts, field, fill, h, select, table } from '../dom.ts';
import type { Part, Place } from '../place.ts';
import { codeOf, problemText } from '../problem.ts';
import type { Session } from '../sdk.ts';

/** A chain's id as it is, or as the end of its `did:web`. */
const ID = /^(?:did:web:.*:)?([\w-]{43})$/;

export function open(place: Place): Part {
  const { texts, settings, sessions, locale, language, say } = place;
  const t = texts.chain;
  const times = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  const directory = select(settings.directories.map((domain) => [domain, domain]));
  const id = h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
  const look = h('button', { type: 'submit', class: 'main' }, t.show);
  const shown = h('div', { class: 'chain' });
  let turn = 0;

  /** Whatever gives a chain, with what there is to say while and after. */
  async function show(read: (session: Session) => Promise<FoundChain | undefined>): Promise<void> {
    const mine = (turn += 1);
    const domain = directory.value;
    id.removeAttribute('aria-invalid');
    fill(shown, h('p', { class: 'quiet loading' }, texts.loading));
    try {
      const session = await sessions.open();
      const found = await read(session);
      if (mine !== turn) return;
      if (found === undefined) {
        fill(shown, h('p', { class: 'note warn', role: 'alert' }, t.absent(domain)));
        return;
      }
      const { accounts } = found.state;
      // What the directory says is beside the point of whether the chain holds: without it, nothing was seen.
      const verdicts =
        accounts.length === 0 ? [] : await session.client.chainVerdicts(domain, found.state.id).catch(() => []);
      if (mine !== turn) return;
      fill(shown, draw(found, verdicts, domain, session));
      say(t.holds(found.links.length));
    } catch (error) {
      if (mine === turn) fill(shown, h('p', { class: 'note bad', role: 'alert' }, await failure(error)));
    }
  }

  async function failure(error: unknown): Promise<string> {
    const reason = (await sessions.open()).sdk.chainReason(error);
    if (reason !== undefined) return t.invalid(reason);
    return codeOf(error) === 'bucket-invalid' ? t.contradicts : problemText(texts, codeOf(error));
  }

  function ask(): void {
    const [, wanted] = ID.exec(id.value.trim()) ?? [];
    if (wanted !== undefined) void show(({ client }) => client.findChain(directory.value, wanted));
    else {
      turn += 1;
      fill(shown, h('p', { class: 'note bad', role: 'alert' }, t.notAnId));
      id.setAttribute('aria-invalid', 'true');
      id.focus();
    }
  }

  /** Only in the sandbox: a chain to look at. Its key is forgotten with this page. */
  const begin = () =>
    void show(async ({ sdk, client }) => {
      const key = await sdk.generateTemporaryKey();
      const { state } = await client.startChain(directory.value, key);
      const claim = sdk.parseClaim({ service: 'dns', account: 'me.localhost' });
      const found = await client.appendLink(directory.value, state.id, { type: 'add-account', ...claim }, key);
      id.value = state.id;
      return found;
    });

  function draw(found: FoundChain, verdicts: readonly ReadVerdict[], domain: string, { sdk }: Session): HTMLElement[] {
    const { state, links, epoch, asOf, witnesses } = found;
    const { accountStates } = sdk.messagesIn(language);
    const accounts = state.accounts.map(({ service, account, link, claimedAt }) => {
      const seen = verdicts.find((one) => one.link === link);
      const said = seen === undefined || seen.state === 'revoked' ? 'unchecked' : seen.state;
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
    seen?.reason === undefined ? undefined : h('p', { class: 'hint' }, t.because(seen.reason));

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
        h('div', { class: 'row' }, field(texts.directory, directory).element, field(t.id, id, t.idHint).element, look),
        settings.sandbox ? h('p', { class: 'samples' }, button(t.begin, begin, { class: 'sample' })) : undefined,
      ),
      shown,
    ),
  };
}

const chip = (look: string, text: string): HTMLElement => h('span', { class: `chip ${look}` }, text);

const section = (name: string, title: string, ...children: HTMLElement[]): HTMLElement =>
  h(
    'section',
    { class: 'card', 'aria-labelledby': `chain-${name}` },
    h('h2', { id: `chain-${name}` }, title),
    children,
  );
