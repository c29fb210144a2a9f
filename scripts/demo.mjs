// npm run demo: prepares, builds, then the command line's demo.
import { build } from './build.mjs';
import { path, prepare, run } from './prepare.mjs';

prepare('build', 'demo');
if (!build()) process.exit(1);
process.exit(run(process.execPath, [path('dist/cli/main.js'), 'demo', ...process.argv.slice(2)]));
