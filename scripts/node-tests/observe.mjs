// Loaded before a test that runs on the stock `net`: counts what the test asks of the kernel's TCP, so that it is known which tests use
// sockets at all. Prints the line that `usertcp/register` prints (README.md), with everything on the kernel's side.
import { appendFileSync } from 'node:fs';

const file = process.env.USERTCP_REPORT;
if (file) {
  const emit = process.emitWarning; // process.binding() is deprecated, and a test may look at warnings
  process.emitWarning = () => {};
  const { TCP } = process.binding('tcp_wrap');
  process.emitWarning = emit;
  const seen = { ours: 0, kernel: 0, listened: 0, kernelListening: 0 };
  const count = (method, word) => {
    const original = TCP.prototype[method];
    TCP.prototype[method] = function (...args) {
      seen[word]++;
      return original.apply(this, args);
    };
  };
  count('connect', 'kernel');
  count('connect6', 'kernel');
  count('listen', 'kernelListening');
  process.on('exit', () => {
    if (seen.kernel + seen.kernelListening > 0) appendFileSync(file, `${JSON.stringify(seen)}\n`);
  });
}
