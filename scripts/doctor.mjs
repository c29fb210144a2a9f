// npm run doctor: installs no Debian package, builds what it can, then tells what this machine has and lacks.
import { build } from './build.mjs';
import { checkNode, ensureModules, path, run } from './prepare.mjs';

checkNode();
ensureModules();
build();
process.exit(run(process.execPath, [path('dist/cli/main.js'), 'doctor', ...process.argv.slice(2)]));
