// A reporter beside vitest's own: which tests failed, with the first line of why, and which passed only at another
// attempt. The output of a long run is often cut; these lines are printed again at its end.
import { writeFileSync } from 'node:fs';

const first = (error) => (error?.message ?? 'no message').split('\n')[0].slice(0, 300);

export default class Notes {
  lines = [];

  onTestCaseResult(test) {
    const name = `${test.module.relativeModuleId} > ${test.fullName}`;
    const result = test.result();
    if (result.state === 'failed') this.lines.push(`failed: ${name}: ${first(result.errors[0])}`);
    else if (test.diagnostic()?.flaky) {
      this.lines.push(`another attempt: ${name}: ${first(result.errors?.[0])}`);
    }
  }

  onTestSuiteResult(suite) {
    for (const e of suite.errors())
      this.lines.push(`failed: ${suite.module.relativeModuleId} > ${suite.fullName}: ${first(e)}`);
  }

  onTestModuleEnd(module) {
    for (const e of module.errors()) this.lines.push(`failed: ${module.relativeModuleId}: ${first(e)}`);
  }

  onTestRunEnd(_modules, errors) {
    for (const e of errors) this.lines.push(`failed: outside of tests: ${first(e)}`);
    writeFileSync(process.env.USERTCP_TEST_NOTES, JSON.stringify(this.lines));
  }
}
