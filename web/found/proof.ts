// How a provider comes to know who one is. In the sandbox by a code that is shown here; elsewhere by what the provider itself gives
// its users, for how it knows them is its own affair (§4.6).
import { button, field, fill, h } from '../dom.ts';
import type { Place } from '../place.ts';
import { showProblem } from '../problem.ts';

export interface Proof {
  readonly element: HTMLElement;
  /** The Authorization header, once there is one. */
  authorization(): string | undefined;
  address(): string;
}

const ACCOUNT = /^[a-z0-9][a-z0-9._-]{0,31}$/;

/** Sign-in at one provider. `onChange` when it is known who one is. */
export function createProof(
  place: Place,
  { domain, name }: { domain: string; name: string },
  onChange: () => void,
): Proof {
  return place.settings.sandbox ? sandboxProof(place, domain, name, onChange) : ownProof(place, domain, name, onChange);
}

function ownProof({ texts }: Place, domain: string, name: string, onChange: () => void): Proof {
  const t = texts.found;
  const authorization = field(
    t.authorization(name),
    h('input', { type: 'password', autocomplete: 'off' }),
    t.authorizationHint,
  );
  const address = field(
    t.address(name),
    h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' }),
  );
  authorization.control.addEventListener('input', onChange);
  const value = ({ control }: typeof address) => control.value.trim();
  return {
    element: h(
      'div',
      { class: 'proof', 'data-domain': domain },
      h('div', { class: 'row' }, authorization.element, address.element),
    ),
    authorization: () => value(authorization) || undefined,
    address: () => value(address),
  };
}

function sandboxProof({ texts, say }: Place, domain: string, name: string, onChange: () => void): Proof {
  const t = texts.found;
  let authorization: string | undefined;
  const account = field(
    t.account(name),
    h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', value: 'me' }),
    t.accountHint,
  );
  const code = field(
    t.code(name),
    h('input', { type: 'text', autocomplete: 'one-time-code', inputmode: 'numeric', maxlength: 6, size: 8 }),
  );
  const inbox = h('div', {});
  const state = h('p', { class: 'state' }, t.unproven(name));
  const outcome = h('div', {});
  const known = () => account.control.value.trim();
  const confirm = h(
    'div',
    { class: 'row', hidden: true },
    code.element,
    button(t.confirm, () => void enter()),
  );
  const post = async (path: string, body: object): Promise<Record<string, string>> => {
    const response = await fetch(`http://${domain}:${location.port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
    });
    const reply = (await response.json()) as Record<string, string>;
    if (!response.ok) throw Object.assign(new Error(`${response.status}`), { code: reply['code'] });
    return reply;
  };
  const attempt = async (work: () => Promise<void>) => {
    fill(outcome);
    try {
      if (!ACCOUNT.test(known())) throw Object.assign(new Error('account'), { code: 'request-invalid' });
      await work();
    } catch (error) {
      fill(outcome, showProblem(texts, error));
    }
  };
  const send = () =>
    attempt(async () => {
      const { shown = '' } = await post('/sandbox/codes', { account: known() });
      const text = t.inboxText(name, shown);
      fill(inbox, h('div', { class: 'inbox', role: 'status' }, h('strong', {}, t.inbox), h('p', {}, text)));
      confirm.hidden = false;
      code.control.focus();
    });
  const enter = () =>
    attempt(async () => {
      ({ authorization } = await post('/sandbox/sessions', { account: known(), code: code.control.value.trim() }));
      state.textContent = t.proven(name);
      element.dataset['proven'] = '';
      fill(inbox);
      confirm.hidden = true;
      say(t.proven(name));
      onChange();
    });
  code.control.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    void enter();
  });
  account.control.addEventListener('input', () => {
    // Another account is another person.
    authorization = undefined;
    delete element.dataset['proven'];
    state.textContent = t.unproven(name);
    onChange();
  });
  const element = h(
    'div',
    { class: 'proof', 'data-domain': domain },
    h(
      'div',
      { class: 'row' },
      account.element,
      button(t.sendCode, () => void send()),
    ),
    inbox,
    confirm,
    outcome,
    state,
  );
  return { element, authorization: () => authorization, address: () => `@${known()}:${domain}` };
}
