// What a person reads who has just started the sandbox: that it is one, where everything is, and what to try first.
import { COSIGNERS } from './cosigners.ts';
import { DIRECTORIES, GATEKEEPER, PROVIDERS } from './world.ts';

const FIRST = '+44 20 7946 0123';

/** The banner; `bold` and `loud` style text for a terminal, or leave it. */
export function formatBanner(options: {
  readonly port: number;
  readonly folder: string;
  readonly bold: (text: string) => string;
  readonly loud: (text: string) => string;
}): string {
  const { port, folder, bold, loud } = options;
  const at = (domain: string) => `http://${domain}:${port}`;
  const flag = port === 8080 ? '' : ` --port ${port}`;
  const ask = (question: string) => `npx whereabouts where ${question}${flag}`;
  const from = `--from ${GATEKEEPER}`;
  return [
    loud(' SANDBOX '),
    loud(' Anybody here may be anybody. Made-up people, made-up providers, no TLS: never put this on a network. '),
    '',
    `  page         http://localhost:${port}`,
    `  directories  ${DIRECTORIES.map(at).join('  ')}`,
    `  providers    ${PROVIDERS.map(at).join('  ')}`,
    `  gatekeeper   ${at(GATEKEEPER)}  (its resolver: POST /v1/where)`,
    `  witnesses    ${Object.values(COSIGNERS).map(at).join('  ')}`,
    `  data         ${folder}`,
    '',
    bold('Where is Bob? In another shell:'),
    '',
    `  ${ask(`"${FIRST}" ${from}`)}`,
    `  curl -s ${at(GATEKEEPER)}/v1/where -H 'content-type: application/json' -d '{"id":"${FIRST}","from":"${GATEKEEPER}"}'`,
    '',
    bold('And then:'),
    '',
    `  ${ask(`"${FIRST}" ${from} --unverified`)}   what EveChat claims`,
    `  ${ask(`charlie@charliechat.localhost ${from}`)}`,
    `  ${ask(`"+44 20 7946 0789" ${from}`)}   Dora does not want to be found`,
    `  npx whereabouts register "+44 20 7946 0555" --provider bobchat.localhost --account me${flag}`,
    '',
  ].join('\n');
}
