// The directories an issuer attests for. It asks no other one: nobody may use it to send requests to hosts he names.
import { Directory } from '../../client/directory.ts';
import { WhereaboutsError } from '../../protocol/errors.ts';
import type { IssuerContext } from '../context.ts';

/** The directory of that domain, its description at hand; `directory-refused` when it is not on the issuer's list. */
export type FindDirectory = (domain: string) => Promise<Directory>;

/** One object a directory for the life of the issuer: it remembers the configuration between requests. */
export function createDirectories(ctx: IssuerContext): FindDirectory {
  const directories = new Map([...ctx.directories].map((domain) => [domain, new Directory(ctx, domain)]));
  return async (domain) => {
    const directory = directories.get(domain);
    if (directory === undefined) throw new WhereaboutsError('directory-refused');
    // Here nothing is looked up for anybody, so the description may be asked for (§4.1 forbids it to gatekeepers).
    await ctx.descriptions.fetch(domain);
    return directory;
  };
}
