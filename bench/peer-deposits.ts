// What deposits are compared with, as a program of its own: a bare Hono handler that verifies the same two signatures with the same library,
// puts the same octets into PostgreSQL, one row a request, and answers as many as a receipt has. No log, no limits, nothing to check later.
import { once } from 'node:events';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { compactVerify, decodeProtectedHeader, type JWK } from 'jose';
import postgres from 'postgres';

const [, , url = '', issuer = ''] = process.argv;
const key = JSON.parse(issuer) as JWK;
const sql = postgres(url, { max: 6 });
await sql`create table if not exists peer (name text primary key, octets bytea not null)`;
const RECEIPT = 'x'.repeat(12_000);

const app = new Hono();
app.put('/v1/records/:name', async (c) => {
  const { sealed, deposit, attestations } = await c.req.json<{
    sealed: string;
    deposit: string;
    attestations: string[];
  }>();
  await compactVerify(deposit, decodeProtectedHeader(deposit).jwk ?? {}, { algorithms: ['EdDSA'] });
  for (const one of attestations) await compactVerify(one, key, { algorithms: ['EdDSA'] });
  const name = c.req.param('name');
  await sql`insert into peer (name, octets) values (${name}, ${Buffer.from(sealed, 'base64url')})`;
  return c.json({ receipt: RECEIPT }, 201);
});
const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
  process.stdout.write(`${port}\n`);
});
await once(process, 'SIGTERM');
server.close();
process.exit(0);
