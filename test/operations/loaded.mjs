// Started before a program (`node --import`): writes the packages it has loaded into the file LOADED, one a line, when it ends. The
// bundle names no packages, so that the sources are run instead: its parts are loaded where theirs are.
import { writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const loaded = new Set();
registerHooks({
  resolve: (specifier, context, next) => {
    const found = next(specifier.replace(/\/dist\/program\/cli\.js$/, '/src/cli.ts'), context);
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(found.url)?.[1];
    if (name !== undefined) loaded.add(name);
    return found;
  },
});
process.on('exit', () => writeFileSync(process.env.LOADED, [...loaded].join('\n')));
