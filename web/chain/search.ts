// Identities that claim an account: the directory's list, each identity checked in this browser before it is shown. Those whose proof
// the directory has seen come first, for anybody may claim anything. Draws no whole identity: `show` does.
import type { ClaimingChain, ClaimingChains, FoundChain, ReadVerdict } from '../../src/index.ts';
import { button, h, newId } from '../dom.ts';
import type { Place } from '../place.ts';
import type { Session } from '../sdk.ts';

export interface Shown {
  readonly found: FoundChain;
  readonly verdicts: readonly ReadVerdict[];
}

interface Options {
  readonly place: Place;
  readonly session: Session;
  readonly domain: string;
  readonly show: (shown: Shown) => void;
  readonly explain: (error: unknown) => Promise<string>;
}

/** What the directory has seen of a chain's accounts; without its word nothing was seen, and the chain holds all the same. */
export async function readSeen({ client }: Session, domain: string, { state }: FoundChain): Promise<Shown['verdicts']> {
  return state.accounts.length === 0 ? [] : await client.chainVerdicts(domain, state.id).catch(() => []);
}

/** The state that is told: what nobody looked at is no trouble of the service. */
export function stateOf(seen: ReadVerdict | undefined): 'ok' | 'failed' | 'unreachable' | 'unchecked' {
  return seen === undefined || seen.state === 'revoked' || seen.reason === 'unchecked' ? 'unchecked' : seen.state;
}

/** Sections of what was found, one an account that `text` may name; `account-invalid` where it names none. */
export async function search(text: string, options: Options) {
  const { session, domain } = options;
  const names = session.sdk.parseAccountNames(text).map(({ service, account }) => `${service}:${account}`);
  const pages = await Promise.all(names.map((name) => session.client.findChains(domain, name)));
  const drawn = await Promise.all(
    pages
      .filter(({ chains, next }) => chains.length > 0 || next !== undefined)
      .map(async (page) => drawSection(await readPage(page, options), page, options)),
  );
  return { names, sections: drawn, count: pages.reduce((sum, { chains }) => sum + chains.length, 0) };
}

interface Row {
  readonly rank: number;
  readonly element: HTMLElement;
}

/** Drawn, the proven first. */
async function readPage(page: ClaimingChains, options: Options): Promise<HTMLElement[]> {
  const rows = await Promise.all(page.chains.map((chain) => readRow(chain, page, options)));
  return rows.toSorted((a, b) => a.rank - b.rank).map(({ element }) => element);
}

async function readRow(chain: ClaimingChain, { service, account }: ClaimingChains, options: Options): Promise<Row> {
  const { place, session, domain, show, explain } = options;
  const { id } = chain;
  if ('failure' in chain) {
    const note = h('p', { class: 'note bad' }, await explain(chain.failure));
    return { rank: 3, element: h('li', {}, h('code', {}, id), note) };
  }
  const { found } = chain;
  const verdicts = await readSeen(session, domain, found);
  const claim = found.state.accounts.find((one) => one.service === service && one.account === account);
  const state = stateOf(verdicts.find(({ link }) => link === claim?.link));
  const { texts, language } = place;
  const label = session.sdk.messagesIn(language).accountStates[state];
  return {
    rank: state === 'ok' ? 0 : state === 'failed' ? 2 : 1,
    element: h(
      'li',
      {},
      h('code', {}, id),
      h(
        'div',
        { class: 'actions' },
        h('span', { class: `chip ${state}` }, label),
        button(texts.chain.show, () => show({ found, verdicts }), { 'aria-label': texts.chain.showOne(id) }),
      ),
    ),
  };
}

function drawSection(rows: readonly HTMLElement[], page: ClaimingChains, options: Options): HTMLElement {
  const { chain: t } = options.place.texts;
  const name = `${page.service}:${page.account}`;
  const heading = h('h2', { id: newId(), tabindex: -1 }, t.claiming(name));
  const list = h('ul', { class: 'claiming' }, rows);
  const section = h(
    'section',
    { class: 'card', 'aria-labelledby': heading.id },
    heading,
    h('p', { class: 'hint' }, t.claimingHint(options.domain)),
    list,
  );
  if (page.next !== undefined) section.append(drawMore(list, name, page.next, options));
  return section;
}

/** A button that puts the next page behind what is there, and goes on to it. */
function drawMore(list: HTMLElement, name: string, after: string, options: Options): HTMLElement {
  const { place, session, domain, explain } = options;
  const trouble = h('p', { class: 'note bad', role: 'alert', hidden: true });
  let next = after;
  const more = button(place.texts.chain.more, () => void add());
  const add = async () => {
    more.disabled = true;
    trouble.hidden = true;
    try {
      const page = await session.client.findChains(domain, name, { after: next });
      const rows = await readPage(page, options);
      list.append(...rows);
      place.say(place.texts.chain.counted(rows.length));
      rows[0]?.querySelector('button')?.focus();
      if (page.next === undefined) more.remove();
      else next = page.next;
    } catch (error) {
      trouble.textContent = await explain(error);
      trouble.hidden = false;
    }
    more.disabled = false;
  };
  return h('div', { class: 'actions' }, more, trouble);
}
