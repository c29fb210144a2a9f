// npm run bench: builds, then bench/run.mjs with the same arguments.
import { build } from './build.mjs';
import { path, prepare, run } from './prepare.mjs';

prepare('build', 'bench');
if (!build()) process.exit(1);
process.exit(run(process.execPath, [path('bench/run.mjs'), ...process.argv.slice(2)]));
