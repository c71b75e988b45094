// Real HTTPS and HTTP servers on loopback addresses, with a certificate that this process trusts from then on.
import { createServer as createHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';

export interface Served {
  readonly port: number;
  close(): Promise<void>;
}

/** A certificate for `names`, trusted by every TLS connection this process opens afterwards. */
export async function trustedCertificate(names: readonly string[]): Promise<{ key: string; cert: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: names[0] ?? '' }], {
    keyType: 'ec',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: names.map((value) => ({ type: 2 as const, value })) },
    ],
  });
  setDefaultCACertificates([...getCACertificates('default'), cert]);
  return { key, cert };
}

export async function serveHttps(
  certificate: { key: string; cert: string },
  listener: RequestListener,
  at: { host?: string; port?: number } = {},
): Promise<Served> {
  return await listen(createHttps(certificate, listener), at);
}

export async function serveHttp(listener: RequestListener, at: { host?: string; port?: number } = {}): Promise<Served> {
  return await listen(createHttp(listener), at);
}

async function listen(
  server: Server,
  { host = '127.0.0.1', port = 0 }: { host?: string; port?: number },
): Promise<Served> {
  await new Promise<void>((done, fail) => server.once('error', fail).listen(port, host, done));
  const address: AddressInfo | string | null = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
