// npm run bench: builds, then bench/run.mjs with the same arguments; bench:million: bench/million.mjs.
import { build } from './build.mjs';
import { path, prepare, run } from './prepare.mjs';

const asked = process.argv.slice(2);
const script = asked[0] === 'million' ? `bench/${asked.shift()}.mjs` : 'bench/run.mjs';
prepare('build', 'bench');
if (!build()) process.exit(1);
process.exit(run(process.execPath, [path(script), ...asked]));
