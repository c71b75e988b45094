// Settings that are missing or contradict each other, in terms of their names. Each rule is one line.
import type { Role, Values } from './config.ts';
import { publicationRules } from './publication-settings.ts';
import { envName, type Key } from './settings.ts';

/** What is missing or does not fit together, in terms of the settings' names. */
export function findContradictions(values: Values): string[] {
  const has = (role: Role): boolean => values.roles?.includes(role) ?? false;
  const serves = values.roles?.some((role) => role !== 'resolver') === true;
  const missing = (key: Key, why: string): string[] =>
    values[key] === undefined ? [`${envName(key)}: required ${why}`] : [];
  const rules: readonly (readonly [boolean, string])[] = [
    [values.roles?.length === 0, `${envName('roles')}: at least one role`],
    [
      (values.tlsCert === undefined) !== (values.tlsKey === undefined),
      `${envName('tlsCert')} and ${envName('tlsKey')}: both or neither`,
    ],
    [
      values.issuers === 'listed' && values.listed?.length === 0,
      `${envName('listed')}: required where ${envName('issuers')} is listed, else no issuer is accepted`,
    ],
    [
      has('issuer') && values.issuerDirectories?.length === 0,
      `${envName('issuerDirectories')}: required for the role issuer`,
    ],
    [
      has('resolver') && values.resolverToken === undefined && values.resolverTokenFile === undefined,
      `${envName('resolverToken')} or ${envName('resolverTokenFile')}: required for the role resolver`,
    ],
    [
      values.resolverToken !== undefined && values.resolverTokenFile !== undefined,
      `${envName('resolverToken')} and ${envName('resolverTokenFile')}: one of the two`,
    ],
    [
      values.lookups?.includes('matrix-identity') === true && values.matrixHomeservers?.length === 0,
      `${envName('matrixHomeservers')}: required where ${envName('lookups')} has matrix-identity`,
    ],
    [
      values.lookups?.includes('matrix-appservice') === true && values.matrixHsToken === undefined,
      `${envName('matrixHsToken')}: required where ${envName('lookups')} has matrix-appservice`,
    ],
    [
      (values.matrixReaderUrl === undefined) !== (values.matrixReaderToken === undefined),
      `${envName('matrixReaderUrl')} and ${envName('matrixReaderToken')}: both or neither`,
    ],
    [
      values.keys !== undefined && values.signingKey !== undefined,
      `${envName('keys')} and ${envName('signingKey')}: keys come from the file or from the environment, not both`,
    ],
    [
      (values.oldOprfKey === undefined) !== (values.oldOprfKeyUntil === undefined),
      `${envName('oldOprfKey')} and ${envName('oldOprfKeyUntil')}: both or neither`,
    ],
    [
      values.signingKey === undefined &&
        [values.oprfKey, values.oldOprfKey, values.logKey, values.witnessKey, values.auditorKey].some(
          (key) => key !== undefined,
        ),
      `${envName('signingKey')}: required where other keys come from the environment`,
    ],
    [
      values.signingKey !== undefined && has('directory') && values.oprfKey === undefined,
      `${envName('oprfKey')}: required for the role directory where keys come from the environment`,
    ],
    [
      values.signingKey !== undefined && has('directory') && values.logKey === undefined,
      `${envName('logKey')}: required for the role directory where keys come from the environment`,
    ],
    ...publicationRules(values, envName),
    ...(['witness', 'auditor'] as const).map((role): [boolean, string] => [
      values.signingKey !== undefined && has(role) && values[`${role}Key`] === undefined,
      `${envName(`${role}Key`)}: required for the role ${role} where keys come from the environment`,
    ]),
    [
      (has('witness') || has('auditor')) && values.logs?.length === 0,
      `${envName('logs')}: required for the roles witness and auditor`,
    ],
    [
      has('resolver') &&
        serves &&
        values.resolverPort === values.port &&
        values.resolverPort !== 0 &&
        values.resolverHost === values.host,
      `${envName('resolverPort')}: the resolver needs an address of its own`,
    ],
    [
      values.metricsPort !== undefined &&
        values.metricsPort !== 0 &&
        [
          [serves && values.host, values.port],
          [has('resolver') && values.resolverHost, values.resolverPort],
        ].some(([host, port]) => port === values.metricsPort && host === values.metricsHost),
      `${envName('metricsPort')}: metrics need an address of their own`,
    ],
  ];
  return [
    ...missing('domain', '(the domain this deployment speaks for)'),
    ...(has('issuer') ? missing('issuerAccounts', 'for the role issuer') : []),
    ...rules.filter(([broken]) => broken).map(([, problem]) => problem),
  ];
}
