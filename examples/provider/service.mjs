// MyChat as it was before: a messaging service with its own accounts, sessions, numbers it verified by code, and messages.
// It knows nothing of Whereabouts; what is added stands in server.mjs.
import { randomBytes, randomInt, scryptSync, timingSafeEqual } from 'node:crypto';

export const users = new Map(); // name → { salt, hash, verified: ['tel:…'], inbox: [] }
const sessions = new Map(); // token → name
const codes = new Map(); // name → { number, code }

const hashOf = (password, salt) => scryptSync(password, salt, 32);

/** Whose request it is, by cookie or token; undefined: nobody's. */
export function sessionOf(headers) {
  const cookie = /(?:^|; )session=([\w-]+)/.exec(headers.get('cookie') ?? '')?.[1];
  return sessions.get(cookie ?? /^Bearer ([\w-]+)$/.exec(headers.get('authorization') ?? '')?.[1]);
}

const forAnybody = {
  'POST /signup': ({ name = '', password = '' }) => {
    if (!/^[a-z0-9]{1,32}$/.test(name) || password.length < 8 || users.has(name)) return [400, { error: 'refused' }];
    const salt = randomBytes(16);
    users.set(name, { salt, hash: hashOf(password, salt), verified: [], inbox: [] });
    return [201, {}];
  },
  'POST /login': ({ name = '', password = '' }) => {
    const user = users.get(name);
    const hash = hashOf(password, user?.salt ?? Buffer.alloc(16)); // takes as long for nobody
    if (!user || !timingSafeEqual(hash, user.hash)) return [401, { error: 'refused' }];
    const token = randomBytes(24).toString('base64url');
    sessions.set(token, name);
    return [200, { token }, { 'set-cookie': `session=${token}; HttpOnly; SameSite=Strict; Path=/` }];
  },
  // The open API that bridges use; a real one would ask for their key.
  'POST /deliver': ({ to = '', from, text }) => {
    const user = users.get(/^@(\w+):/.exec(to)?.[1]);
    return user ? [202, { queued: user.inbox.push({ from: String(from), text: String(text) }) }] : [404, {}];
  },
};

const forUsers = {
  'POST /numbers': ({ number = '' }, name) => {
    if (!/^\+[1-9]\d{6,14}$/.test(number)) return [400, { error: 'refused' }];
    const code = String(randomInt(1_000_000)).padStart(6, '0');
    codes.set(name, { number, code });
    console.log(`SMS: your code is ${code}`); // goes to the number, in a real service
    return [202, {}];
  },
  'POST /numbers/confirm': ({ code }, name) => {
    const asked = codes.get(name);
    codes.delete(name); // one try a code
    if (!asked || asked.code !== code) return [403, { error: 'refused' }];
    users.get(name).verified.push(`tel:${asked.number}`);
    return [200, {}];
  },
  'GET /inbox': (_, name) => [200, { messages: users.get(name).inbox }],
};

/** Answers one request of the service's own pages. */
export async function serve(request, response) {
  const page = `${request.method} ${request.url}`;
  const name = sessionOf(new Headers(request.headers));
  const body = await readJson(request);
  const handler = forAnybody[page] ?? (name && forUsers[page]);
  const [status, json, headers] = body && handler ? handler(body, name) : [handler ? 400 : name ? 404 : 401, {}];
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(json));
}

async function readJson(request) {
  let text = '';
  for await (const part of request) if ((text += part).length > 65_536) return undefined;
  try {
    return JSON.parse(text || '{}');
  } catch {
    return undefined;
  }
}
