// Third-party look-ups of a Matrix application service (Matrix 1.11, Application Service API §2.6): one protocol, `whereabouts`,
// whose users are found by phone number or e-mail address. It has no rooms, and nobody is found backwards: a blind directory
// cannot say whose identifier an account has.
import { WhereaboutsError } from '../../protocol/errors.ts';
import { parseIdentifier } from '../../protocol/identifier.ts';
import { matrixUserOf, reachableRoutes, type Asker } from './reachable.ts';

export const PROTOCOL = 'whereabouts';

export const DESCRIPTION = {
  user_fields: ['identifier'],
  location_fields: [],
  icon: '',
  field_types: { identifier: { regexp: '.{3,256}', placeholder: 'phone number or e-mail address' } },
  instances: [{ desc: 'Whereabouts', fields: {}, network_id: PROTOCOL }],
};

export interface ThirdPartyUser {
  readonly userid: string;
  readonly protocol: typeof PROTOCOL;
  readonly fields: Readonly<Record<string, string>>;
}

/** The Matrix users an identifier leads to, best first. Throws `identifier-invalid`, and like `reachableRoutes`. */
export async function findUsers(client: Asker, identifier: string): Promise<ThirdPartyUser[]> {
  const answer = await client.where(parseIdentifier(identifier));
  return reachableRoutes(answer).flatMap((route) => {
    const userid = matrixUserOf(route);
    if (userid === undefined) return [];
    const { provider, assurance, encryption } = route;
    const fields = { identifier: answer.id, provider: provider.domain, assurance, encryption: encryption.level };
    return [{ userid, protocol: PROTOCOL, fields }];
  });
}

/** What the specification calls "no mappings were found". */
export const nobody = (): WhereaboutsError =>
  new WhereaboutsError('record-unknown', 'nobody was found', { extensions: { errcode: 'M_NOT_FOUND' } });
