// The built page as it lies in Workers static assets, behind the binding ASSETS. The Worker runs first and says everything that is
// said about a file; the platform stores octets. Without the binding there is no page.
import type { Bindings as Client } from '../../server/client-address.ts';
import type { DirectoryContext } from '../../server/context.ts';
import { findListed, LIST, parsePageList, type PageList } from '../../server/page-list.ts';
import { directoryPage, type PageFiles } from '../../server/page.ts';
import { isOfPage, pageApp } from '../../server/routes/page.ts';

/** What is used of Cloudflare's `Fetcher`. */
export interface Assets {
  fetch(url: string): Promise<Response>;
}

/** What the edge says of a request beside its headers, as far as it is used. */
export interface EdgeRequest extends Request {
  readonly cf?: { readonly clientAcceptEncoding?: string };
}

/** What of a directory its page says, and who is told of requests. */
type Shown = Pick<DirectoryContext, 'domain' | 'listed' | 'log' | 'metrics'>;

type Fetch = (request: EdgeRequest, client: Client) => Response | Promise<Response>;

/** By binding: the assets of a Worker's version never change, and an isolate runs one version. */
const lists = new WeakMap<Assets, PageList>();

async function read(assets: Assets, name: string): Promise<Uint8Array> {
  // The host is nobody's: assets know paths only.
  const reply = await assets.fetch(`https://assets.invalid/${name}`);
  if (!reply.ok) throw new Error('a listed asset is not there');
  return new Uint8Array(await reply.arrayBuffer());
}

async function listOf(assets: Assets): Promise<PageList> {
  const list = lists.get(assets) ?? parsePageList(new TextDecoder().decode(await read(assets, LIST)));
  lists.set(assets, list);
  return list;
}

const openAssets = (assets: Assets): PageFiles => ({
  find: async (path) => findListed(await listOf(assets), path, (name) => read(assets, name)),
});

/** A directory's API with its page beside it, where the Worker was deployed with one. */
export function withAssets(api: Fetch, ctx: Shown, assets: Assets | undefined): Fetch {
  if (assets === undefined) return api;
  return async (request, client) => {
    if (!isOfPage(new URL(request.url).pathname)) return api(request, client);
    const page = directoryPage(openAssets(assets), ctx.domain, ctx.listed);
    return asEncoded(await pageApp(ctx, page).fetch(asAsked(request), client));
  };
}

/** With what the browser takes: the edge puts what it takes itself in the header's place. */
function asAsked(request: EdgeRequest): Request {
  const taken = request.cf?.clientAcceptEncoding;
  if (taken === undefined) return request;
  const asked = new Request(request);
  asked.headers.set('accept-encoding', taken);
  return asked;
}

/** The runtime takes a body for plain and would compress it once more, unless it is told that it is encoded already. */
function asEncoded(reply: Response): Response {
  if (!reply.headers.has('content-encoding')) return reply;
  const { status, headers, body } = reply;
  const init = { status, headers, encodeBody: 'manual' };
  return new Response(body, init);
}
