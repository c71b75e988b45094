// "Be found": where one wants to be reached, who confirms it, and what one has registered. The identifier goes to the providers one
// signs in to, who know it anyway, and to nobody else.
import type { Registration } from '../../src/index.ts';
import { field, fill, h, newId, select, tick } from '../dom.ts';
import type { Part, Place } from '../place.ts';
import { showProblem } from '../problem.ts';
import { labelOf, saveKept, type Kept } from '../registrations.ts';
import { loadSdk } from '../sdk.ts';
import { createBridge, type OwnBridge } from './bridge.ts';
import { createOrder } from './order.ts';
import { createProof, type Proof } from './proof.ts';
import { createRegistered } from './registered.ts';

interface Chosen {
  readonly proof: Proof | undefined;
  readonly bridge: OwnBridge;
  /** Of a registration that is being changed: it was confirmed before. */
  readonly address?: string;
}

export function open(place: Place): Part {
  const { texts, settings, sessions, say, language } = place;
  const t = texts.found;
  const chosen = new Map<string, Chosen>();
  let changing: Kept | undefined;

  const identifier = field(
    texts.identifier,
    h('input', {
      type: 'text',
      autocomplete: 'off',
      autocapitalize: 'none',
      spellcheck: 'false',
      'aria-required': 'true',
    }),
    texts.identifierHint,
  );
  const directory = field(texts.directory, select(settings.directories.map((domain) => [domain, domain])));
  const who = h('div', { class: 'row' }, identifier.element, directory.element);
  const empty = h('p', { class: 'quiet' }, t.noProviders);
  const order = createOrder({ ...t, remove: texts.remove }, say, () => {
    empty.hidden = order?.keys().length > 0;
    for (const key of chosen.keys()) if (!order?.keys().includes(key)) chosen.delete(key);
  });
  const auto = tick(t.auto, t.autoHint);
  const optOut = tick(t.optOut, t.optOutHint);
  const keep = tick(t.keep, t.keepHint, true);
  const outcome = h('div', {});
  const adding = h('div', {});
  const submit = h('button', { type: 'submit', class: 'main' }, t.submit);
  const cancel = h('button', { type: 'button', hidden: true, onclick: () => stopChanging() }, t.cancel);
  const banner = h('p', { class: 'note', hidden: true });
  const registered = createRegistered(place, (kept) => startChanging(kept));
  const placements = loadSdkLater().then(({ messagesIn }) => messagesIn(language).placements);

  function addProvider(domain: string, name: string, address?: string): void {
    if (chosen.has(domain)) {
      fill(adding, h('p', { class: 'note', role: 'status' }, t.already));
      return;
    }
    const proof = address === undefined ? createProof(place, { domain, name }, () => undefined) : undefined;
    const bridge = createBridge(texts, placements);
    chosen.set(domain, { proof, bridge, ...(address === undefined ? {} : { address }) });
    order.add({
      key: domain,
      name,
      body: h(
        'div',
        { class: 'body' },
        address === undefined ? undefined : h('p', { class: 'mono quiet' }, address),
        proof?.element,
        bridge.element,
      ),
    });
    fill(adding);
    say(t.added(name));
  }

  /** Reads and checks what the domain says of itself before it is in the list. */
  async function addDomain(domain: string): Promise<void> {
    try {
      const { client } = await sessions.open();
      const network = await client.addNetwork(domain);
      addProvider(network.domain, network.name ?? network.domain);
    } catch (error) {
      fill(adding, showProblem(texts, error));
    }
  }

  const known = select([['', '…'], ...settings.providers.map((domain) => [domain, domain] as const)]);
  known.addEventListener('change', () => {
    if (known.value !== '') void addDomain(known.value);
    known.value = '';
  });
  const domain = h('input', {
    type: 'text',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
    inputmode: 'url',
  });
  const addNamed = () => {
    const wanted = domain.value.trim().toLowerCase();
    if (wanted !== '') void addDomain(wanted).then(() => (domain.value = ''));
  };
  domain.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    addNamed();
  });

  const routesOf = () =>
    order.keys().flatMap((key) => {
      const one = chosen.get(key);
      if (one === undefined) return [];
      const address = one.address ?? one.proof?.address() ?? '';
      const authorization = one.proof?.authorization();
      const bridges = one.bridge.bridges(key);
      return [
        {
          domain: key,
          ...(address === '' ? {} : { address }),
          ...(bridges === undefined ? {} : { bridges }),
          ...(authorization === undefined ? {} : { authorization }),
        },
      ];
    });

  async function send(): Promise<void> {
    if (changing === undefined && routesOf().every(({ authorization }) => authorization === undefined)) {
      fill(outcome, h('p', { class: 'note bad', role: 'alert' }, t.needProof));
      return;
    }
    submit.disabled = true;
    submit.textContent = t.working;
    fill(outcome);
    try {
      const { epoch } = changing === undefined ? await register() : await update(changing);
      if (changing === undefined) {
        order.clear();
        identifier.control.value = '';
      }
      stopChanging();
      registered.refresh();
      fill(outcome, h('p', { class: 'note good', role: 'status' }, t.done(epoch)));
    } catch (error) {
      fill(outcome, showProblem(texts, error));
    } finally {
      submit.disabled = false;
      submit.textContent = changing === undefined ? t.submit : t.update;
    }
  }

  async function register(): Promise<Registration> {
    const { sdk, client } = await sessions.open();
    const region = new Intl.Locale(navigator.language).region;
    const id = sdk.parseIdentifier(identifier.control.value, region);
    const providers = routesOf();
    const isOptOut = optOut.control.checked;
    const registration = await client.register({
      identifier: id,
      directory: directory.control.value,
      providers,
      auto: auto.control.checked,
      optOut: isOptOut,
      keep: keep.control.checked,
    });
    await keepIt(registration, { id: newKeptId(), label: labelOf(id), isOptOut });
    return registration;
  }

  async function update(kept: Kept): Promise<Registration> {
    const { sdk, client } = await sessions.open();
    const isOptOut = optOut.control.checked;
    const before = await sdk.parseRegistration(kept.registration);
    const providers = isOptOut ? [] : routesOf();
    const registration = await client.update(before, { providers, auto: auto.control.checked });
    await keepIt(registration, { id: kept.id, label: kept.label, isOptOut });
    return registration;
  }

  async function keepIt(
    registration: Registration,
    { id, label, isOptOut }: { id: string; label: string; isOptOut: boolean },
  ) {
    const { formatRegistration } = await loadSdk();
    saveKept({
      id,
      label,
      registration: await formatRegistration(registration),
      routes: isOptOut ? [] : routesOf().map(({ domain: at, address = '' }) => ({ domain: at, address })),
      auto: auto.control.checked,
    });
  }

  function startChanging(kept: Kept): void {
    changing = kept;
    order.clear();
    for (const route of kept.routes) addProvider(route.domain, route.domain, route.address);
    auto.control.checked = kept.auto;
    optOut.control.checked = kept.routes.length === 0;
    who.hidden = keep.element.hidden = true;
    banner.hidden = cancel.hidden = false;
    banner.textContent = t.changing(kept.label);
    submit.textContent = t.update;
    form.scrollIntoView({ block: 'start' });
    order.element.querySelector<HTMLElement>('button')?.focus();
  }

  function stopChanging(): void {
    if (changing === undefined) return;
    changing = undefined;
    order.clear();
    who.hidden = keep.element.hidden = false;
    banner.hidden = cancel.hidden = true;
    submit.textContent = t.submit;
  }

  const providersId = newId();
  const form = h(
    'form',
    { class: 'card register', novalidate: true, onsubmit: (event) => (event.preventDefault(), void send()) },
    banner,
    who,
    h(
      'div',
      { role: 'group', 'aria-labelledby': providersId },
      h('h2', { id: providersId }, t.providers),
      h('p', { class: 'hint' }, t.providersHint),
      empty,
      order.element,
    ),
    h(
      'div',
      { class: 'row' },
      field(t.addKnown, known).element,
      field(t.addDomain, domain).element,
      h('button', { type: 'button', onclick: addNamed }, texts.add),
    ),
    adding,
    h('fieldset', {}, h('legend', {}, t.choices), auto.element, optOut.element, keep.element),
    h('div', { class: 'actions' }, submit, cancel),
    outcome,
  );
  form.addEventListener('focusin', () => void loadSdk().catch(() => undefined), { once: true });
  return { element: h('div', {}, form, registered.element) };
}

const newKeptId = (): string => crypto.randomUUID();

/** The SDK once somebody else has asked for it: what a placement is called is not worth loading it for. */
function loadSdkLater(): ReturnType<typeof loadSdk> {
  return new Promise((resolve) => {
    document.addEventListener('focusin', () => void loadSdk().then(resolve, () => undefined), { once: true });
  });
}
