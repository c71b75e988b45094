// What stands for the internet: hosts by name, each a Worker of its own, one description somebody wrote by hand, and a
// web site with a proof on it.
interface Service {
  fetch(request: Request): Promise<Response>;
}
interface Env {
  readonly DIRECTORY: Service;
  readonly ISSUER: Service;
  readonly DESCRIPTION: string;
}

/** What the owner of a web site put on it for proof. */
let posted = '';

export default {
  fetch: (request: Request, { DIRECTORY, ISSUER, DESCRIPTION }: Env): Promise<Response> | Response => {
    switch (new URL(request.url).hostname) {
      case 'directory.example':
        return DIRECTORY.fetch(request);
      case 'bob.example':
        return ISSUER.fetch(request);
      case 'alice.example':
        return new Response(DESCRIPTION, { headers: { 'content-type': 'application/json' } });
      case 'dora.example':
        if (request.method === 'PUT') return request.text().then((text) => new Response((posted = text)));
        return new Response(posted, { headers: { 'content-type': 'text/plain' } });
      default:
        return new Response(null, { status: 404 });
    }
  },
};
