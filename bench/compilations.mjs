// What V8 says with --trace-opt and --trace-deopt, in counts.

const ANONYMOUS = '(anonymous)';
const COMPILED = /completed compiling .*<JSFunction ([^ (>]*).*took ([\d.]+), ([\d.]+), ([\d.]+) ms/;
const THROWN_AWAY = /bailout \(.*<JSFunction ([^ (>]*)/;

/** { compiled, deoptimized: names of functions in their order, ms: of all compilations, in V8's threads and ours } from lines of V8's. */
export function compilations(lines) {
  const compiled = [];
  const deoptimized = [];
  let ms = 0;
  for (const line of lines) {
    const done = COMPILED.exec(line);
    if (done) {
      compiled.push(done[1] || ANONYMOUS);
      ms += Number(done[2]) + Number(done[3]) + Number(done[4]);
    }
    const bailout = THROWN_AWAY.exec(line);
    if (bailout) deoptimized.push(bailout[1] || ANONYMOUS);
  }
  return { compiled, deoptimized, ms: Number(ms.toFixed(1)) };
}
