// npm run sim -- [--seeds N] [--seed S] [--minutes M] [--all]: seeded worlds, for as long as one likes (test/sim/worlds).
// `--all` goes on after a failure. Needs nothing built: the sources are bundled first.
import { build } from 'vite';
import { path, run } from './prepare.mjs';

await build({
  root: path(),
  configFile: false,
  logLevel: 'warn',
  build: { ssr: path('test/sim/worlds/main.ts'), outDir: path('.cache/sim'), emptyOutDir: true, minify: false },
});
process.exit(run(process.execPath, ['--enable-source-maps', path('.cache/sim/main.js'), ...process.argv.slice(2)]));
