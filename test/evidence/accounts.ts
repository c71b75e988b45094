// Bob on every service, as its API shows him, and what may become of him: deleted, private, renamed, quoted, impersonated. Each
// case sets up the fakes and says what a check must come to.
import { proofMarker } from '../../src/protocol/chain/names.ts';
import { isService, parseClaim, type AccountClaim } from '../../src/protocol/account.ts';
import type { Texts } from '../support/dns.ts';
import type { Reply } from './services.ts';

export const LINK = 'hgQxaHGY38Rht3yehHr2VTwHAAAABBBBCCCCDDDD-_-';
export const OTHER_LINK = 'ZZZZaHGY38Rht3yehHr2VTwHAAAABBBBCCCCDDDD-_-';
const MARK = proofMarker(LINK);

export interface Scene {
  readonly pages: Map<string, Reply>;
  readonly texts: Texts;
}

export type Outcome = 'ok' | readonly ['failed' | 'unreachable', string];

export interface Case {
  readonly what: string;
  readonly set: (scene: Scene) => void;
  readonly expected: Outcome;
  /** Instead of Bob's own claim. */
  readonly claim?: AccountClaim;
}

export interface Subject {
  readonly claim: AccountClaim;
  /** Bob has posted `text`. */
  readonly post: (scene: Scene, text: string) => void;
  /** It is told as HTML. */
  readonly html?: boolean;
  readonly cases: readonly Case[];
  readonly impersonations: readonly Case[];
}

const claimOf = (service: string, account: string, where?: string): AccountClaim =>
  parseClaim({ service, account, where });
const failed = (reason: string): Outcome => ['failed', reason];

// --- DNS and websites

const dns: Subject = {
  claim: claimOf('dns', 'bob.example'),
  post: ({ texts }, text) => void (texts['_whereabouts.bob.example'] = ['v=spf1 -all', text]),
  cases: [
    { what: 'no such name', set: () => undefined, expected: failed('statement-missing') },
    {
      what: 'no TXT there',
      set: ({ texts }) => void (texts['_whereabouts.bob.example'] = []),
      expected: failed('statement-missing'),
    },
    {
      what: 'a server that fails',
      set: ({ texts }) => void (texts['_whereabouts.bob.example'] = 'SERVFAIL'),
      expected: ['unreachable', 'host-silent'],
    },
    {
      what: 'a server that is silent',
      set: ({ texts }) => void (texts['_whereabouts.bob.example'] = 'silence'),
      expected: ['unreachable', 'host-silent'],
    },
  ],
  impersonations: [
    {
      what: 'at the domain itself, where services put what users give them',
      set: ({ texts }) => void (texts['bob.example'] = [MARK]),
      expected: failed('statement-missing'),
    },
    {
      what: 'at a domain that has Bob’s within it',
      set: ({ texts }) => void (texts['_whereabouts.bob.example.evil.example'] = [MARK]),
      expected: failed('statement-missing'),
    },
    {
      what: 'at a name below that is delegated to a customer',
      set: ({ texts }) => void (texts['_whereabouts.customer.bob.example'] = [MARK]),
      expected: failed('statement-missing'),
    },
    {
      what: 'within another service’s verification text',
      set: ({ texts }) => void (texts['_whereabouts.bob.example'] = [`site-verification=x-${MARK}`]),
      expected: failed('statement-missing'),
    },
  ],
};

const PROOF = 'bob.example/.well-known/whereabouts-proof.txt';
const https: Subject = {
  claim: claimOf('https', 'bob.example'),
  post: ({ pages }, text) => void pages.set(PROOF, { type: 'text/plain; charset=utf-8', body: text }),
  cases: [
    {
      what: 'gone',
      set: ({ pages }) => void pages.set(PROOF, { status: 410, body: '' }),
      expected: failed('statement-missing'),
    },
    { what: 'never there', set: () => undefined, expected: failed('statement-missing') },
    {
      what: 'private',
      set: ({ pages }) => void pages.set(PROOF, { status: 401, body: '' }),
      expected: ['unreachable', 'access-denied'],
    },
    {
      what: 'a page that says yes to everything',
      set: ({ pages }) => void pages.set(PROOF, { type: 'text/html', body: MARK }),
      expected: ['unreachable', 'answer-unusable'],
    },
  ],
  impersonations: [
    {
      what: 'a file a user put on the site',
      set: ({ pages }) =>
        void pages.set('bob.example/uploads/whereabouts-proof.txt', { type: 'text/plain', body: MARK }),
      expected: failed('statement-missing'),
    },
    {
      what: 'a redirect, open to whoever asks for it, to another host',
      set: ({ pages }) =>
        void (
          pages.set(PROOF, { status: 302, headers: { location: 'https://evil.example/proof.txt' }, body: '' }),
          pages.set('evil.example/proof.txt', { type: 'text/plain', body: MARK })
        ),
      expected: ['unreachable', 'answer-unusable'],
    },
    {
      what: 'a redirect to a user’s host on the same domain',
      set: ({ pages }) =>
        void (
          pages.set(PROOF, { status: 302, headers: { location: 'https://mallory.bob.example/proof.txt' }, body: '' }),
          pages.set('mallory.bob.example/proof.txt', { type: 'text/plain', body: MARK })
        ),
      expected: ['unreachable', 'answer-unusable'],
    },
    {
      what: 'an upload shown as HTML',
      set: ({ pages }) => void pages.set(PROOF, { type: 'text/html', body: MARK }),
      expected: ['unreachable', 'answer-unusable'],
    },
  ],
};

// --- GitHub

const GIST = 'aa5a315d61ae9438b18d';
const user = (login: string) => ({
  login,
  id: 1,
  node_id: 'MDQ6VXNlcjE=',
  type: 'User',
  site_admin: false,
  html_url: `https://github.com/${login}`,
});
const gist = (over: object = {}, content = MARK, id = GIST): Reply => ({
  headers: { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '59' },
  body: {
    url: `https://api.github.com/gists/${id}`,
    id,
    node_id: 'MDQ6R2lzdGFhNWEzMTVkNjFhZTk0MzhiMThk',
    html_url: `https://gist.github.com/${id}`,
    files: {
      'whereabouts.md': {
        filename: 'whereabouts.md',
        type: 'text/markdown',
        language: 'Markdown',
        raw_url: 'https://gist.githubusercontent.com/x',
        size: content.length,
        truncated: false,
        content,
      },
    },
    public: true,
    created_at: '2026-04-14T02:15:15Z',
    updated_at: '2026-06-20T02:34:34Z',
    description: 'proof',
    comments: 0,
    user: null,
    owner: user('Bob'),
    forks: [],
    history: [
      {
        user: user('Bob'),
        version: '57a7f021a713b1c5a6a199b54cc514735d2d462f',
        change_status: { deletions: 0, additions: 1, total: 1 },
      },
    ],
    truncated: false,
    ...over,
  },
});
const AT_GIST = `api.github.com/gists/${GIST}`;
const github: Subject = {
  claim: claimOf('github', 'bob', GIST),
  post: ({ pages }, text) => void pages.set(AT_GIST, gist({}, text)),
  cases: [
    { what: 'deleted', set: () => undefined, expected: failed('post-missing') },
    { what: 'secret, by its id', set: ({ pages }) => void pages.set(AT_GIST, gist({ public: false })), expected: 'ok' },
    {
      what: 'private: told like deleted',
      set: ({ pages }) => void pages.set(AT_GIST, { status: 404, body: { message: 'Not Found' } }),
      expected: failed('post-missing'),
    },
    {
      what: 'renamed: the id is the same, the login another',
      set: ({ pages }) => void pages.set(AT_GIST, gist({ owner: user('robert') })),
      expected: failed('author-differs'),
    },
    {
      what: 'half a file',
      set: ({ pages }) => void pages.set(AT_GIST, gist({ files: { a: { truncated: true, content: MARK } } })),
      expected: failed('statement-missing'),
    },
    {
      what: 'a file that is null',
      set: ({ pages }) => void pages.set(AT_GIST, gist({ files: { a: null } })),
      expected: failed('statement-missing'),
    },
  ],
  impersonations: [
    {
      what: 'Mallory’s gist with the marker',
      set: ({ pages }) => void pages.set(AT_GIST, gist({ owner: user('mallory') })),
      expected: failed('author-differs'),
    },
    {
      what: 'a login that has Bob’s within it',
      set: ({ pages }) => void pages.set(AT_GIST, gist({ owner: user('bob-smith') })),
      expected: failed('author-differs'),
    },
    {
      what: 'nobody’s gist',
      set: ({ pages }) => void pages.set(AT_GIST, gist({ owner: null })),
      expected: failed('author-differs'),
    },
    {
      what: 'a comment below Bob’s gist',
      set: ({ pages }) =>
        void (
          pages.set(AT_GIST, gist({ comments: 1 }, 'holiday plans')),
          pages.set(`${AT_GIST}/comments`, { body: [{ user: user('mallory'), body: MARK }] })
        ),
      expected: failed('statement-missing'),
    },
    {
      what: 'a fork Bob made of Mallory’s gist',
      set: ({ pages }) => void pages.set(AT_GIST, gist({ fork_of: { id: 'ff', owner: user('mallory') } })),
      expected: failed('post-copied'),
    },
    {
      what: 'Bob as a contributor only',
      set: ({ pages }) =>
        void pages.set(
          AT_GIST,
          gist({ owner: user('mallory'), user: user('bob'), history: [{ user: user('bob'), version: 'x' }] }),
        ),
      expected: failed('author-differs'),
    },
    {
      what: 'another gist served in its place',
      set: ({ pages }) => void pages.set(AT_GIST, gist({ id: 'bb5a315d61ae9438b18d' })),
      expected: failed('post-missing'),
    },
    {
      what: 'the marker in the description, which search results quote',
      set: ({ pages }) => void pages.set(AT_GIST, gist({ description: MARK }, 'x')),
      expected: failed('statement-missing'),
    },
  ],
};

// --- GitLab

const USERS = 'gitlab.com/api/v4/users?username=bob';
const gitlabUser = (username: string, state = 'active') => ({
  id: 7,
  username,
  name: 'Bob',
  state,
  locked: false,
  avatar_url: null,
  web_url: `https://gitlab.com/${username}`,
});
const profile = (bio: string | null | undefined, username = 'Bob'): Reply => ({
  body: { ...gitlabUser(username), ...(bio === undefined ? {} : { bio }), location: '', job_title: '', pronouns: null },
});
const SNIPPET = 'gitlab.com/api/v4/snippets/2345678';
const snippet = (over: object = {}): Reply => ({
  body: {
    id: 2345678,
    title: 'proof',
    description: null,
    visibility: 'public',
    project_id: null,
    author: gitlabUser('Bob'),
    web_url: 'https://gitlab.com/-/snippets/2345678',
    files: [],
    ...over,
  },
});
const raw = (text: string): Reply => ({ type: 'text/plain; charset=utf-8', body: text });
const onSnippet = claimOf('gitlab', 'bob', '2345678');
const setSnippet =
  (over: object = {}, text = MARK) =>
  ({ pages }: Scene) =>
    void (pages.set(SNIPPET, snippet(over)), pages.set(`${SNIPPET}/raw`, raw(text)));
const gitlab: Subject = {
  claim: claimOf('gitlab', 'bob'),
  post: ({ pages }, text) =>
    void (pages.set(USERS, { body: [gitlabUser('Bob')] }), pages.set('gitlab.com/api/v4/users/7', profile(text))),
  cases: [
    { what: 'deleted', set: ({ pages }) => void pages.set(USERS, { body: [] }), expected: failed('account-missing') },
    {
      what: 'blocked',
      set: ({ pages }) => void pages.set(USERS, { body: [gitlabUser('bob', 'blocked')] }),
      expected: failed('account-missing'),
    },
    {
      what: 'deleted between two questions',
      set: ({ pages }) => void pages.set(USERS, { body: [gitlabUser('bob')] }),
      expected: failed('account-missing'),
    },
    {
      what: 'renamed between two questions',
      set: ({ pages }) =>
        void (
          pages.set(USERS, { body: [gitlabUser('bob')] }),
          pages.set('gitlab.com/api/v4/users/7', profile(MARK, 'robert'))
        ),
      expected: failed('author-differs'),
    },
    {
      what: 'private: a profile without bio',
      set: ({ pages }) =>
        void (
          pages.set(USERS, { body: [gitlabUser('bob')] }),
          pages.set('gitlab.com/api/v4/users/7', profile(undefined))
        ),
      expected: ['unreachable', 'access-denied'],
    },
    { what: 'a snippet', set: setSnippet(), claim: onSnippet, expected: 'ok' },
    {
      what: 'a snippet that is deleted or private',
      set: () => undefined,
      claim: onSnippet,
      expected: failed('post-missing'),
    },
    {
      what: 'a snippet for members',
      set: setSnippet({ visibility: 'internal' }),
      claim: onSnippet,
      expected: failed('post-hidden'),
    },
    {
      what: 'a snippet without the marker',
      set: setSnippet({}, 'x'),
      claim: onSnippet,
      expected: failed('statement-missing'),
    },
    {
      what: 'a snippet of one who was renamed',
      set: setSnippet({ author: gitlabUser('robert') }),
      claim: onSnippet,
      expected: failed('author-differs'),
    },
  ],
  impersonations: [
    {
      what: 'a user whose name has Bob’s within it',
      set: ({ pages }) =>
        void (
          pages.set(USERS, { body: [{ ...gitlabUser('bob2'), id: 8 }] }),
          pages.set('gitlab.com/api/v4/users/8', profile(MARK, 'bob2'))
        ),
      expected: failed('account-missing'),
    },
    {
      what: 'Mallory’s snippet',
      set: setSnippet({ author: gitlabUser('mallory') }),
      claim: onSnippet,
      expected: failed('author-differs'),
    },
    {
      what: 'nobody’s snippet',
      set: setSnippet({ author: null }),
      claim: onSnippet,
      expected: failed('author-differs'),
    },
    {
      what: 'Bob’s snippet in a project others may write to',
      set: setSnippet({ project_id: 99 }),
      claim: onSnippet,
      expected: failed('post-shared'),
    },
    {
      what: 'another snippet served in its place',
      set: setSnippet({ id: 1 }),
      claim: onSnippet,
      expected: failed('post-missing'),
    },
    {
      what: 'a note below Bob’s snippet',
      set: (scene) => (
        setSnippet({}, 'x')(scene),
        void scene.pages.set(`${SNIPPET}/notes`, { body: [{ author: gitlabUser('mallory'), body: MARK }] })
      ),
      claim: onSnippet,
      expected: failed('statement-missing'),
    },
  ],
};

// --- ActivityPub

const AP = 'social.example';
const FINGER = `${AP}/.well-known/webfinger?resource=acct%3Abob%40${AP}`;
const ACTOR_ID = `https://${AP}/users/bob`;
const jrd = (over: object = {}, href = ACTOR_ID): Reply => ({
  type: 'application/jrd+json; charset=utf-8',
  body: {
    subject: `acct:Bob@${AP}`,
    aliases: [`https://${AP}/@bob`, ACTOR_ID],
    links: [
      { rel: 'http://webfinger.net/rel/profile-page', type: 'text/html', href: `https://${AP}/@bob` },
      { rel: 'self', type: 'application/activity+json', href },
      { rel: 'http://ostatus.org/schema/1.0/subscribe', template: `https://${AP}/authorize_interaction?uri={uri}` },
    ],
    ...over,
  },
});
const actor = (over: object = {}): Reply => ({
  type: 'application/activity+json; charset=utf-8',
  body: {
    '@context': ['https://www.w3.org/ns/activitystreams'],
    id: ACTOR_ID,
    type: 'Person',
    preferredUsername: 'Bob',
    name: 'Bob',
    summary: '<p>Hello</p>',
    url: `https://${AP}/@bob`,
    manuallyApprovesFollowers: false,
    attachment: [{ type: 'PropertyValue', name: 'Proof', value: MARK }],
    ...over,
  },
});
const NOTE = `https://${AP}/users/bob/statuses/109`;
const note = (over: object = {}): Reply => ({
  type: 'application/activity+json; charset=utf-8',
  body: {
    '@context': ['https://www.w3.org/ns/activitystreams'],
    id: NOTE,
    type: 'Note',
    summary: null,
    inReplyTo: null,
    published: '2026-11-01T00:00:00Z',
    url: `https://${AP}/@bob/109`,
    attributedTo: ACTOR_ID,
    to: ['https://www.w3.org/ns/activitystreams#Public'],
    cc: [`${ACTOR_ID}/followers`],
    content: `<p>${MARK}</p>`,
    attachment: [],
    tag: [],
    ...over,
  },
});
const onNote = claimOf('activitypub', `@bob@${AP}`, NOTE);
const setActor =
  (over: object = {}) =>
  ({ pages }: Scene) =>
    void (pages.set(FINGER, jrd()), pages.set(`${AP}/users/bob`, actor(over)));
const setNote =
  (over: object = {}) =>
  (scene: Scene) => (setActor({ attachment: [] })(scene), void scene.pages.set(NOTE.slice(8), note(over)));
const activitypub: Subject = {
  claim: claimOf('activitypub', `@bob@${AP}`),
  post: (scene, text) => setActor({ attachment: [], summary: text })(scene),
  html: true,
  cases: [
    { what: 'in a field', set: setActor(), expected: 'ok' },
    { what: 'deleted', set: () => undefined, expected: failed('account-missing') },
    {
      what: 'deleted, WebFinger late',
      set: ({ pages }) => void (pages.set(FINGER, jrd()), pages.set(`${AP}/users/bob`, { status: 410, body: '' })),
      expected: failed('account-missing'),
    },
    { what: 'suspended', set: setActor({ suspended: true }), expected: failed('account-missing') },
    {
      what: 'moved',
      set: setActor({ movedTo: 'https://elsewhere.example/users/bob' }),
      expected: failed('account-moved'),
    },
    {
      what: 'renamed',
      set: ({ pages }) =>
        void (pages.set(FINGER, jrd({ subject: `acct:robert@${AP}` })), pages.set(`${AP}/users/bob`, actor())),
      expected: failed('account-moved'),
    },
    {
      what: 'renamed, WebFinger late',
      set: setActor({ preferredUsername: 'robert' }),
      expected: failed('account-moved'),
    },
    {
      what: 'private: fetches must be signed',
      set: ({ pages }) => void (pages.set(FINGER, jrd()), pages.set(`${AP}/users/bob`, { status: 401, body: '' })),
      expected: ['unreachable', 'access-denied'],
    },
    {
      what: 'an actor on another host of the domain',
      set: ({ pages }) =>
        void (
          pages.set(FINGER, jrd({}, `https://ap.${AP}/bob`)),
          pages.set(`ap.${AP}/bob`, actor({ id: `https://ap.${AP}/bob` }))
        ),
      expected: 'ok',
    },
    { what: 'a note', set: setNote(), claim: onNote, expected: 'ok' },
    { what: 'a deleted note', set: setActor({ attachment: [] }), claim: onNote, expected: failed('post-missing') },
    { what: 'a tombstone', set: setNote({ type: 'Tombstone' }), claim: onNote, expected: failed('post-missing') },
    {
      what: 'a note for followers',
      set: setNote({ to: [`${ACTOR_ID}/followers`], cc: [] }),
      claim: onNote,
      expected: failed('post-hidden'),
    },
  ],
  impersonations: [
    {
      what: 'an actor on Mallory’s host',
      set: ({ pages }) =>
        void (
          pages.set(FINGER, jrd({}, 'https://evil.example/bob')),
          pages.set('evil.example/bob', actor({ id: 'https://evil.example/bob' }))
        ),
      expected: failed('account-missing'),
    },
    {
      what: 'an actor document that says to be Bob, on an upload path of Mallory’s',
      set: ({ pages }) =>
        void (pages.set(FINGER, jrd({}, `https://${AP}/users/mallory`)), pages.set(`${AP}/users/mallory`, actor())),
      expected: ['unreachable', 'answer-unusable'],
    },
    {
      what: 'Mallory’s actor found under Bob’s name',
      set: ({ pages }) =>
        void (
          pages.set(FINGER, jrd({}, `https://${AP}/users/mallory`)),
          pages.set(`${AP}/users/mallory`, actor({ id: `https://${AP}/users/mallory`, preferredUsername: 'mallory' }))
        ),
      expected: failed('account-moved'),
    },
    {
      what: 'a note of Mallory’s',
      set: setNote({ attributedTo: `https://${AP}/users/mallory` }),
      claim: onNote,
      expected: failed('author-differs'),
    },
    {
      what: 'a note of two',
      set: setNote({ attributedTo: [ACTOR_ID, `https://${AP}/users/mallory`] }),
      claim: onNote,
      expected: failed('author-differs'),
    },
    {
      what: 'a boost of Mallory’s note',
      set: setNote({ type: 'Announce', object: 'https://evil.example/1', content: MARK }),
      claim: onNote,
      expected: failed('author-differs'),
    },
    {
      what: 'the server’s copy of a note from elsewhere',
      set: setNote({ id: 'https://evil.example/users/bob/statuses/109' }),
      claim: onNote,
      expected: failed('author-differs'),
    },
    {
      what: 'a reply of Mallory’s to Bob’s note',
      set: setNote({ attributedTo: 'https://evil.example/users/mallory', inReplyTo: NOTE }),
      claim: onNote,
      expected: failed('author-differs'),
    },
    {
      what: 'Mallory quoted by Bob',
      set: setNote({ content: `<blockquote><p>${MARK}</p></blockquote><p>what is this?</p>` }),
      claim: onNote,
      expected: failed('statement-missing'),
    },
    {
      what: 'Mallory quoted by Bob, in Mastodon’s way',
      set: setNote({ content: `<p class="quote-inline">RE: ${MARK}</p><p>what is this?</p>` }),
      claim: onNote,
      expected: failed('statement-missing'),
    },
    {
      what: 'in an attribute',
      set: setNote({ content: `<p><a title="> ${MARK} <" href="https://evil.example/">x</a></p>` }),
      claim: onNote,
      expected: failed('statement-missing'),
    },
    {
      what: 'in the name of a field',
      set: setActor({ attachment: [{ type: 'PropertyValue', name: MARK, value: 'x' }] }),
      expected: failed('statement-missing'),
    },
  ],
};

// --- Matrix

const MX = 'matrix.example';
const EVENT = `$${'Q'.repeat(43)}`;
const ROOM = '!abc:rooms.example';
const AT_PROFILE = `${MX}/_matrix/client/v3/profile/%40bob%3A${MX}`;
const AT_ROOM = `${MX}/_matrix/client/v3/rooms/${encodeURIComponent(ROOM)}`;
const AT_EVENT = `${AT_ROOM}/event/${encodeURIComponent(EVENT)}`;
const VISIBLE = `${AT_ROOM}/state/m.room.history_visibility/`;
const event = (over: object = {}, body = MARK): Reply => ({
  body: {
    content: { body, msgtype: 'm.text' },
    event_id: EVENT,
    origin_server_ts: 1_790_000_000_000,
    room_id: ROOM,
    sender: `@bob:${MX}`,
    type: 'm.room.message',
    unsigned: { age: 1234 },
    ...over,
  },
});
const onEvent = claimOf('matrix', `@bob:${MX}`, `${ROOM}/${EVENT}`);
const guest = { body: { access_token: 'guest_token', device_id: 'X', user_id: `@7:${MX}` } };
const setEvent =
  (reply = event(), visibility = 'world_readable') =>
  ({ pages }: Scene) =>
    void (
      pages.set(`${MX}/_matrix/client/v3/register?kind=guest`, guest),
      pages.set(VISIBLE, { body: { history_visibility: visibility } }),
      pages.set(AT_EVENT, reply)
    );
const forbidden = { status: 403, body: { errcode: 'M_FORBIDDEN', error: 'You are not in this room' } };
const matrix: Subject = {
  claim: claimOf('matrix', `@bob:${MX}`),
  post: ({ pages }, text) =>
    void pages.set(AT_PROFILE, { body: { displayname: 'Bob', avatar_url: `mxc://${MX}/x`, 'example.proof': text } }),
  cases: [
    { what: 'deactivated', set: () => undefined, expected: failed('account-missing') },
    {
      what: 'a server that is none',
      set: ({ pages }) => void pages.set(AT_PROFILE, { status: 404, type: 'text/html', body: 'x' }),
      expected: ['unreachable', 'answer-unusable'],
    },
    {
      what: 'private',
      set: ({ pages }) => void pages.set(AT_PROFILE, { status: 403, body: { errcode: 'M_FORBIDDEN', error: 'x' } }),
      expected: ['unreachable', 'access-denied'],
    },
    {
      what: 'served elsewhere',
      set: ({ pages }) =>
        void (
          pages.set(`${MX}/.well-known/matrix/client`, {
            type: 'application/octet-stream',
            body: { 'm.homeserver': { base_url: 'https://matrix.hoster.example/' } },
          }),
          pages.set(`matrix.hoster.example/_matrix/client/v3/profile/%40bob%3A${MX}`, { body: { displayname: MARK } })
        ),
      expected: 'ok',
    },
    {
      what: 'served at an address',
      set: ({ pages }) =>
        void pages.set(`${MX}/.well-known/matrix/client`, {
          body: { 'm.homeserver': { base_url: 'https://127.0.0.1' } },
        }),
      expected: ['unreachable', 'answer-unusable'],
    },
    { what: 'an event', set: setEvent(), claim: onEvent, expected: 'ok' },
    {
      what: 'no guests',
      set: ({ pages }) => void pages.set(`${MX}/_matrix/client/v3/register?kind=guest`, forbidden),
      claim: onEvent,
      expected: ['unreachable', 'access-denied'],
    },
    {
      what: 'a room for its members',
      set: (scene) => (setEvent()(scene), void scene.pages.set(VISIBLE, forbidden)),
      claim: onEvent,
      expected: failed('post-hidden'),
    },
    {
      what: 'a room whose history is for its members',
      set: setEvent(event(), 'shared'),
      claim: onEvent,
      expected: failed('post-hidden'),
    },
    {
      what: 'a room that is gone',
      set: ({ pages }) => void pages.set(`${MX}/_matrix/client/v3/register?kind=guest`, guest),
      claim: onEvent,
      expected: failed('post-missing'),
    },
    {
      what: 'redacted',
      set: setEvent(event({ content: {}, unsigned: { redacted_because: { type: 'm.room.redaction' } } })),
      claim: onEvent,
      expected: failed('post-missing'),
    },
    {
      what: 'an event that is not there',
      set: (scene) => (setEvent()(scene), void scene.pages.delete(AT_EVENT)),
      claim: onEvent,
      expected: failed('post-missing'),
    },
    {
      what: 'an event that is no message',
      set: setEvent(event({ type: 'm.room.topic', content: { topic: MARK, body: MARK } })),
      claim: onEvent,
      expected: failed('statement-missing'),
    },
    {
      what: 'encrypted',
      set: setEvent(
        event({ type: 'm.room.encrypted', content: { algorithm: 'm.megolm.v1.aes-sha2', ciphertext: 'x' } }),
      ),
      claim: onEvent,
      expected: failed('statement-missing'),
    },
  ],
  impersonations: [
    {
      what: 'Mallory’s message',
      set: setEvent(event({ sender: `@mallory:${MX}` })),
      claim: onEvent,
      expected: failed('author-differs'),
    },
    {
      what: 'the same name on another server',
      set: setEvent(event({ sender: '@bob:evil.example' })),
      claim: onEvent,
      expected: failed('author-differs'),
    },
    {
      what: 'a name that differs by case',
      set: setEvent(event({ sender: `@Bob:${MX}` })),
      claim: onEvent,
      expected: failed('author-differs'),
    },
    {
      what: 'Mallory quoted in Bob’s reply',
      set: setEvent(event({}, `> <@mallory:evil.example> ${MARK}\n> more\n\nwhat is this?`)),
      claim: onEvent,
      expected: failed('statement-missing'),
    },
    {
      what: 'Bob quoted in Mallory’s message',
      set: setEvent(event({ sender: '@mallory:evil.example' }, `> <@bob:${MX}> ${MARK}`)),
      claim: onEvent,
      expected: failed('author-differs'),
    },
    {
      what: 'another event served in its place',
      set: setEvent(event({ event_id: `$${'R'.repeat(43)}` })),
      claim: onEvent,
      expected: ['unreachable', 'answer-unusable'],
    },
    {
      what: 'in the formatted body, where replies hold what they quote',
      set: setEvent(
        event({
          content: {
            msgtype: 'm.text',
            body: 'x',
            format: 'org.matrix.custom.html',
            formatted_body: `<mx-reply><blockquote>${MARK}</blockquote></mx-reply>x`,
          },
        }),
      ),
      claim: onEvent,
      expected: failed('statement-missing'),
    },
    {
      what: 'in the address of an avatar',
      set: ({ pages }) => void pages.set(AT_PROFILE, { body: { displayname: 'Bob', avatar_url: MARK } }),
      expected: failed('statement-missing'),
    },
  ],
};

// --- Bluesky

const DID = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz';
const MALLORYS = 'did:plc:z72i7hdynmk6r22z27h6tvur';
const HANDLE = 'bob.pds.example';
const POST = `at://${DID}/app.bsky.feed.post/3k2akyl7fwc2s`;
const PROFILE = `at://${DID}/app.bsky.actor.profile/self`;
const didDocument = (over: object = {}, id = DID): Reply => ({
  type: 'application/did+ld+json; charset=utf-8',
  body: {
    '@context': ['https://www.w3.org/ns/did/v1'],
    id,
    alsoKnownAs: [`at://${HANDLE}`],
    verificationMethod: [{ id: `${id}#atproto`, type: 'Multikey', controller: id, publicKeyMultibase: 'zQ3sh' }],
    service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: 'https://pds.example' }],
    ...over,
  },
});
const AT_DID = `plc.directory/${DID}`;
const AT_POST = `pds.example/xrpc/com.atproto.repo.getRecord?repo=${encodeURIComponent(DID)}&collection=app.bsky.feed.post&rkey=3k2akyl7fwc2s`;
const AT_SELF = `pds.example/xrpc/com.atproto.repo.getRecord?repo=${encodeURIComponent(DID)}&collection=app.bsky.actor.profile&rkey=self`;
const post = (value: object = {}, uri = POST): Reply => ({
  body: {
    uri,
    cid: 'bafyreib',
    value: { $type: 'app.bsky.feed.post', text: MARK, langs: ['en'], createdAt: '2026-11-01T00:00:00Z', ...value },
  },
});
const setPost =
  (reply = post(), document = didDocument()) =>
  ({ pages, texts }: Scene) => {
    texts[`_atproto.${HANDLE}`] = [`did=${DID}`];
    pages.set(AT_DID, document);
    pages.set(AT_POST, reply);
  };
const atprotoError = (error: string): Reply => ({ status: 400, body: { error, message: 'x' } });
const bluesky: Subject = {
  claim: claimOf('bluesky', HANDLE, POST),
  post: (scene, text) => setPost(post({ text }))(scene),
  cases: [
    {
      what: 'a handle by HTTPS',
      set: (scene) => {
        setPost()(scene);
        delete scene.texts[`_atproto.${HANDLE}`];
        scene.pages.set(`${HANDLE}/.well-known/atproto-did`, { type: 'text/plain', body: `${DID}\n` });
      },
      expected: 'ok',
    },
    {
      what: 'in the profile',
      set: (scene) => {
        setPost()(scene);
        scene.pages.set(AT_SELF, {
          body: { uri: PROFILE, cid: 'x', value: { $type: 'app.bsky.actor.profile', description: `me\n${MARK}` } },
        });
      },
      claim: claimOf('bluesky', HANDLE, PROFILE),
      expected: 'ok',
    },
    {
      what: 'a did:web',
      set: (scene) => {
        const id = 'did:web:bob.example';
        const at = `at://${id}/app.bsky.feed.post/3k2akyl7fwc2s`;
        scene.texts[`_atproto.${HANDLE}`] = [`did=${id}`];
        scene.pages.set('bob.example/.well-known/did.json', didDocument({}, id));
        scene.pages.set(AT_POST.replace(encodeURIComponent(DID), encodeURIComponent(id)), post({}, at));
      },
      claim: claimOf('bluesky', HANDLE, 'at://did:web:bob.example/app.bsky.feed.post/3k2akyl7fwc2s'),
      expected: 'ok',
    },
    { what: 'deleted post', set: setPost(atprotoError('RecordNotFound')), expected: failed('post-missing') },
    { what: 'deactivated', set: setPost(atprotoError('RepoDeactivated')), expected: failed('account-missing') },
    { what: 'taken down', set: setPost(atprotoError('RepoTakendown')), expected: failed('account-missing') },
    {
      what: 'another error',
      set: setPost(atprotoError('InvalidRequest')),
      expected: ['unreachable', 'answer-unusable'],
    },
    {
      what: 'an error named like a member of every object',
      set: setPost(atprotoError('constructor')),
      expected: ['unreachable', 'answer-unusable'],
    },
    {
      what: 'tombstoned DID',
      set: (scene) => {
        setPost()(scene);
        scene.pages.set(AT_DID, { status: 410, body: { message: 'DID not available' } });
      },
      expected: failed('account-missing'),
    },
    {
      what: 'renamed: the DID goes by another handle',
      set: setPost(post(), didDocument({ alsoKnownAs: ['at://robert.pds.example'] })),
      expected: failed('account-moved'),
    },
    {
      what: 'renamed: the handle is nobody’s',
      set: (scene) => {
        setPost()(scene);
        delete scene.texts[`_atproto.${HANDLE}`];
        scene.pages.set(`${HANDLE}/.well-known/atproto-did`, { status: 404, body: '' });
      },
      expected: failed('account-missing'),
    },
    {
      what: 'no DNS',
      set: (scene) => {
        setPost()(scene);
        scene.texts[`_atproto.${HANDLE}`] = 'SERVFAIL';
      },
      expected: ['unreachable', 'host-silent'],
    },
    {
      what: 'a server at an address',
      set: setPost(
        post(),
        didDocument({ service: [{ id: '#atproto_pds', type: 'x', serviceEndpoint: 'https://169.254.169.254' }] }),
      ),
      expected: ['unreachable', 'answer-unusable'],
    },
  ],
  impersonations: [
    {
      what: 'a handle that went to Mallory',
      set: (scene) => {
        setPost()(scene);
        scene.texts[`_atproto.${HANDLE}`] = [`did=${MALLORYS}`];
      },
      expected: failed('account-moved'),
    },
    {
      what: 'Mallory’s DID, which names Bob’s handle',
      set: (scene) => {
        setPost()(scene);
        scene.pages.set(`plc.directory/${MALLORYS}`, didDocument({}, MALLORYS));
      },
      claim: claimOf('bluesky', HANDLE, POST.replace(DID, MALLORYS)),
      expected: failed('account-moved'),
    },
    {
      what: 'two answers for a handle',
      set: (scene) => {
        setPost()(scene);
        scene.texts[`_atproto.${HANDLE}`] = [`did=${MALLORYS}`, `did=${DID}`];
      },
      expected: failed('account-missing'),
    },
    {
      what: 'Bob’s handle in second place',
      set: setPost(post(), didDocument({ alsoKnownAs: ['at://mallory.pds.example', `at://${HANDLE}`] })),
      expected: failed('account-moved'),
    },
    {
      what: 'a record of another repository',
      set: setPost(post({}, POST.replace(DID, MALLORYS))),
      expected: ['unreachable', 'answer-unusable'],
    },
    {
      what: 'Mallory’s post, quoted by Bob',
      set: setPost(
        post({
          text: 'what is this?',
          embed: {
            $type: 'app.bsky.embed.record',
            record: { uri: `at://${MALLORYS}/app.bsky.feed.post/x`, value: { text: MARK } },
          },
        }),
      ),
      expected: failed('statement-missing'),
    },
    {
      what: 'Bob’s answer to Mallory’s post',
      set: setPost(post({ text: 'what is this?', reply: { parent: { uri: 'x', text: MARK } } })),
      expected: failed('statement-missing'),
    },
    {
      what: 'a document of another DID',
      set: setPost(post(), didDocument({}, MALLORYS)),
      expected: ['unreachable', 'answer-unusable'],
    },
    {
      what: 'a like that is called a post',
      set: setPost(post({ $type: 'app.bsky.feed.like' })),
      expected: ['unreachable', 'answer-unusable'],
    },
  ],
};

// --- Hacker News

const AT_HN = 'hacker-news.firebaseio.com/v0/user/BobSmith.json';
const hn = (over: object = {}): Reply => ({
  body: { id: 'BobSmith', created: 1_173_923_446, karma: 12, about: MARK, submitted: [1, 2], ...over },
});
const hackernews: Subject = {
  claim: claimOf('hackernews', 'BobSmith'),
  post: ({ pages }, text) => void pages.set(AT_HN, hn({ about: text })),
  html: true,
  cases: [
    { what: 'deleted', set: () => undefined, expected: failed('account-missing') },
    {
      what: 'nothing about himself',
      set: ({ pages }) => void pages.set(AT_HN, hn({ about: undefined })),
      expected: failed('statement-missing'),
    },
    {
      what: 'the API closed to us',
      set: ({ pages }) => void pages.set(AT_HN, { status: 401, body: { error: 'Permission denied' } }),
      expected: ['unreachable', 'access-denied'],
    },
    {
      what: 'renamed: the id is another',
      set: ({ pages }) => void pages.set(AT_HN, hn({ id: 'RobertSmith' })),
      expected: failed('author-differs'),
    },
  ],
  impersonations: [
    {
      what: 'a name that differs by case',
      set: ({ pages }) => void pages.set(AT_HN, hn({ id: 'bobsmith' })),
      expected: failed('author-differs'),
    },
    {
      what: 'Mallory’s account has it',
      set: ({ pages }) =>
        void (
          pages.set(AT_HN, hn({ about: 'hi' })),
          pages.set(AT_HN.replace('BobSmith', 'mallory'), hn({ id: 'mallory' }))
        ),
      expected: failed('statement-missing'),
    },
    {
      what: 'a comment of Mallory’s on Bob’s story',
      set: ({ pages }) =>
        void (
          pages.set(AT_HN, hn({ about: 'hi' })),
          pages.set('hacker-news.firebaseio.com/v0/item/1.json', {
            body: { by: 'mallory', parent: 2, text: MARK, type: 'comment' },
          })
        ),
      expected: failed('statement-missing'),
    },
    {
      what: 'Mallory’s link in Bob’s text',
      set: ({ pages }) =>
        void pages.set(
          AT_HN,
          hn({ about: `<a href="https://evil.example/?${MARK}" rel="nofollow">https://evil.example/?${MARK}</a>` }),
        ),
      expected: failed('statement-missing'),
    },
  ],
};

const SUBJECTS = { dns, https, github, gitlab, activitypub, matrix, bluesky, hackernews };
export const subjects: readonly (Subject & { readonly name: string })[] = Object.entries(SUBJECTS).flatMap(
  ([name, subject]) => (isService(name) ? [{ name, ...subject }] : []),
);
