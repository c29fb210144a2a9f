// npm run model -- --minutes N [--seed N]: the model checker for as long as one likes. Prints what it has seen.
import { parseArgs } from 'node:util';
import { path, run } from './prepare.mjs';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
});
if (!(Number(values.minutes) > 0)) {
  console.error(`--minutes ${values.minutes}: expected a number above 0`);
  process.exit(2);
}
const env = { USERTCP_MODEL_MINUTES: values.minutes, USERTCP_SEED: values.seed };
process.exit(
  run(process.execPath, [path('node_modules/vitest/vitest.mjs'), 'run', 'test/model/model.test.ts'], { env }),
);
