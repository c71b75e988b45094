// Door: the API reference at `/reference`, drawn from what the server says of itself (`/openapi.json`). No library: those there are
// write markup or styles as text, which this page's policy forbids. In English, as the documents are.
import { field, fill, h } from './dom.ts';
import { isString, read } from './kept.ts';
import { fetchDocument, type Document } from './reference/openapi.ts';
import { drawOperation, prose } from './reference/operation.ts';
import { fetchSettings, type Settings } from './settings.ts';

interface Api {
  readonly name: string;
  /** Base of its URLs; empty: this server. */
  readonly base: string;
}

/** This server; in the sandbox one of each role. */
function findApis({ sandbox, directories, providers, askers }: Settings): Api[] {
  if (!sandbox) return [{ name: 'directory', base: '' }];
  const [asker] = askers;
  // Verifier keys begin with whose they are: <domain>/<role>+…
  const cosigners = Object.values(asker?.policy.logs ?? {})[0]?.witnesses ?? [];
  const at = (name: string, domain: string | undefined): Api[] =>
    domain === undefined ? [] : [{ name, base: `http://${domain}:${location.port}` }];
  return [
    ...at('directory', directories[0]),
    ...at('issuer', providers[0]),
    ...at('resolver', asker?.policy.domain),
    ...cosigners.flatMap(({ key }) => {
      const [domain, name = ''] = (key.split('+')[0] ?? '').split('/');
      return at(name, domain);
    }),
  ];
}

const wanted = (): readonly [string, string | undefined] => {
  const [api = '', operation] = location.hash.slice(1).split('/');
  return [api, operation];
};

const theme = read('theme', isString);
if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;

const main = h('main', { id: 'content', tabindex: -1 });
const menu = h('nav', { 'aria-label': 'APIs' });
fill(
  document.body,
  h(
    'a',
    { class: 'skip', href: '#content', onclick: (event) => (event.preventDefault(), main.focus()) },
    'Skip to content',
  ),
  h(
    'header',
    {},
    h(
      'div',
      { class: 'bar' },
      h(
        'p',
        { class: 'brand' },
        h('span', { class: 'mark', 'aria-hidden': 'true' }),
        h('a', { href: '/' }, 'Whereabouts'),
      ),
    ),
    menu,
  ),
  main,
  h(
    'footer',
    {},
    h('p', {}, 'Made from the schemas that validate requests. Whoever speaks it needs docs/protocol.md as well.'),
  ),
);

function drawDocument(api: Api, shown: Document): void {
  const operations = Object.entries(shown.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      text: `${method} ${path} ${operation.summary} ${operation.operationId}`.toLowerCase(),
      element: drawOperation(method, path, operation, shown),
    })),
  );
  for (const { element } of operations)
    element.addEventListener('toggle', () => {
      if (element instanceof HTMLDetailsElement && element.open)
        history.replaceState(null, '', `#${api.name}/${element.id}`);
    });
  const count = h('p', { class: 'hint', role: 'status' });
  const search = field('Find an operation', h('input', { type: 'search', autocomplete: 'off' }));
  const filter = () => {
    const words = search.control.value.toLowerCase().split(/\s+/);
    for (const { text, element } of operations) element.hidden = !words.every((word) => text.includes(word));
    count.textContent = `${operations.filter(({ element }) => !element.hidden).length} of ${operations.length} operations`;
  };
  search.control.addEventListener('input', filter);
  filter();
  document.title = `${shown.info.title} – API reference`;
  fill(
    main,
    h('div', { class: 'intro' }, h('h1', {}, shown.info.title), prose(shown.info.description)),
    h(
      'p',
      { class: 'quiet refusals' },
      'A refusal is a problem document (RFC 9457): ',
      h('code', {}, '{ "type": "urn:whereabouts:error:…", "title": "…", "status": 400, "code": "…" }'),
      '. The document this page is made of: ',
      h('a', { href: `${api.base}/openapi.json` }, 'openapi.json'),
      '.',
    ),
    search.element,
    count,
    h('h2', { class: 'away' }, 'Operations'),
    operations.map(({ element }) => element),
  );
}

async function show(): Promise<void> {
  const apis = findApis(await fetchSettings());
  const [name, operation] = wanted();
  const api = apis.find((one) => one.name === name) ?? apis[0];
  if (api === undefined) return;
  fill(
    menu,
    h(
      'ul',
      {},
      apis.map((one) =>
        h(
          'li',
          {},
          h(
            'a',
            { href: `#${one.name}`, 'aria-current': one === api ? 'page' : undefined },
            `${one.name.slice(0, 1).toUpperCase()}${one.name.slice(1)}`,
          ),
        ),
      ),
    ),
  );
  drawDocument(api, await fetchDocument(`${api.base}/openapi.json`));
  const opened = operation === undefined ? null : document.getElementById(operation);
  if (opened instanceof HTMLDetailsElement) {
    opened.open = true;
    opened.scrollIntoView();
  }
}

const start = () =>
  show().catch(() =>
    fill(
      main,
      h('h1', {}, 'API reference'),
      h(
        'p',
        { class: 'note bad', role: 'alert' },
        'The reference could not be loaded. Check the connection, and load the page again.',
      ),
    ),
  );
window.addEventListener('hashchange', () => void start());
await start();
