// What stands for the internet: hosts by name, each a Worker of its own, and one description somebody wrote by hand.
interface Service {
  fetch(request: Request): Promise<Response>;
}
interface Env {
  readonly DIRECTORY: Service;
  readonly ISSUER: Service;
  readonly DESCRIPTION: string;
}

export default {
  fetch: (request: Request, { DIRECTORY, ISSUER, DESCRIPTION }: Env): Promise<Response> | Response => {
    switch (new URL(request.url).hostname) {
      case 'directory.example':
        return DIRECTORY.fetch(request);
      case 'bob.example':
        return ISSUER.fetch(request);
      case 'alice.example':
        return new Response(DESCRIPTION, { headers: { 'content-type': 'application/json' } });
      default:
        return new Response(null, { status: 404 });
    }
  },
};
