// The page as the sandbox shows it: whom one may look for, and as whom; AliceChat's policy is everybody's to read.
import { formatVkey } from '../../../protocol/log/vkey.ts';
import { createHttpApp, endpoint, type Observers } from '../../../server/http.ts';
import type { Page, PageFiles } from '../../../server/page.ts';
import { pageApp } from '../../../server/routes/page.ts';
import type { Fetch } from '../serve.ts';
import { PIN } from './cosigners.ts';
import { withGuests, type Guests } from './guests.ts';
import { CHARACTERS, DIRECTORIES, GATEKEEPER, PEOPLE, POLICY, PROVIDERS } from './world.ts';

/** JSON of what the policy demands of each log. */
const LOGS = Object.fromEntries(
  DIRECTORIES.map((domain) => [
    domain,
    { witnesses: (PIN.witnesses ?? []).map(({ key }) => ({ key: formatVkey(key) })), quorum: PIN.quorum },
  ]),
);

const capitalise = (name: string): string => `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;

/** Everybody there is, by the first of their identifiers, and somebody who is nowhere. */
const SAMPLES = [
  ...PEOPLE.filter(({ stolen }) => stolen !== true).flatMap(({ account, identifiers: [first] }) =>
    first === undefined ? [] : [{ name: capitalise(account), identifier: first.replace(/^tel:/, '') }],
  ),
  { name: '?', identifier: '+442079460999' },
];

/** The page at one of the sandbox's addresses: `first` is the directory that is asked first. */
export function sandboxPage(files: PageFiles | undefined, guests: Guests, first: string): Page | undefined {
  if (files === undefined) return undefined;
  return {
    files,
    settings: {
      sandbox: true,
      directories: [first, ...DIRECTORIES.filter((domain) => domain !== first)],
      askers: [{ name: CHARACTERS[GATEKEEPER].name, policy: { ...withGuests(POLICY, guests), logs: LOGS } }],
      providers: [...PROVIDERS, ...guests.keys()],
      samples: SAMPLES,
    },
  };
}

/** `localhost` itself: the page, or where it was not built, who is here. */
export function homeApp(world: Observers, page: Page | undefined, domains: readonly string[]): Fetch {
  if (page !== undefined) return pageApp(world, page).fetch;
  const app = createHttpApp(world, { role: 'directory', origins: '*' });
  endpoint(app, '/', {
    GET: (c) =>
      c.text(`Whereabouts sandbox: ${domains.join(', ')}\nThe page is not built here: npm run build makes it.\n`),
  });
  return app.fetch;
}
