// npm test: prepares, builds, runs every test this machine can run, and ends with one line of numbers.
//   --project=a,b  only these vitest projects     --no-native  without the C++ tests
import { existsSync, mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { path, prepare } from './prepare.mjs';
import { Tally } from './tally.mjs';
import { nativeTests } from './test-native.mjs';
import { vitest } from './vitest.mjs';

const { values } = parseArgs({ options: { project: { type: 'string' }, 'no-native': { type: 'boolean' } } });

prepare('build', 'test');
mkdirSync(path('.cache'), { recursive: true });
const tally = new Tally();
// Most tests read src: they are worth running even when the build is broken.
if (!build()) tally.fail('build');
tally.add('vitest', vitest(values.project?.split(',')));
if (!values['no-native'] && !values.project) {
  if (existsSync(path('CMakeLists.txt'))) for (const [name, result] of nativeTests()) tally.add(name, result);
  else tally.add('native', { why: 'no CMakeLists.txt' });
}
process.exit(tally.end());
