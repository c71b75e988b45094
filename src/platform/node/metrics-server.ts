// GET /metrics on an address of its own: who sees the numbers of a deployment sees how busy it is, and with what.
import type { Config } from '../../server/config.ts';
import type { Exposition } from './prometheus.ts';
import { listen, type Listening } from './serve.ts';

export async function serveMetrics(
  { expose, contentType }: Exposition,
  { host, port }: NonNullable<Config['metrics']>,
  onFault: (error: unknown) => void,
): Promise<Listening> {
  const answer = async (request: Request): Promise<Response> => {
    const headers = { 'cache-control': 'no-store' };
    if (request.method !== 'GET' || new URL(request.url).pathname !== '/metrics')
      return new Response('GET /metrics\n', { status: 404, headers });
    return new Response(await expose(), { headers: { ...headers, 'content-type': contentType } });
  };
  return listen({ fetch: answer, host, port, onFault });
}
