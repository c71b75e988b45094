// docs/configuration.md, written from the table of settings: a test compares the two.
import type { Setting } from './setting-forms.ts';
import { envName, SETTINGS, type Key } from './settings.ts';

const INTRODUCTION = `# Configuration

<!-- Generated from src/server/settings.ts by \`npm run docs:configuration\`. Do not edit. -->

Every setting is an environment variable, or a member of \`whereabouts.json\` in the platform's configuration folder
(\`~/.config/whereabouts\` on Linux; another file with \`--config\` or \`WHEREABOUTS_CONFIG\`). The environment wins. In the file,
numbers, booleans and lists may stand as such; secrets stand in the environment or in the keys file, never there.
What is missing, misspelt or contradictory is named, all of it at once, before anything starts (exit code 2).

The sandbox (\`npm start\`) needs none of this and takes only \`PORT\` (or \`WHEREABOUTS_PORT\`), \`WHEREABOUTS_DATA\`,
\`WHEREABOUTS_LOG_LEVEL\` and the quotas from the environment.
`;

/** The whole page. */
export function formatSettings(): string {
  const entries = (Object.keys(SETTINGS) as Key[]).map((key) => {
    const { form, doc, fallback, shown, secret }: Setting<unknown> = SETTINGS[key];
    const standard = fallback !== undefined && fallback !== '' ? `\`${fallback}\`` : (shown ?? 'none');
    const file = secret === true ? 'secret: environment only' : `in the file \`${key}\``;
    return `- **\`${envName(key)}\`** (${file}): ${doc}\n  Must be ${form}. Default: ${standard}.`;
  });
  return [INTRODUCTION, ...entries, ''].join('\n');
}
