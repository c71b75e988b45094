// Writes docs/configuration.md from the table of settings: `npm run docs:configuration`.
import { writeFileSync } from 'node:fs';
import { formatSettings } from '../../server/settings-text.ts';

writeFileSync(new URL('../../../docs/configuration.md', import.meta.url), formatSettings());
