const mark = '  ! ';

// Adds up groups of results. A result is {passed, failed, skipped} or {why}: a whole group skipped, with its reason.
export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;
  lines = [];
  notes = [];

  add(group, { passed = 0, failed = 0, skipped = 0, why, notes = [] }) {
    this.notes.push(...notes);
    this.passed += passed;
    this.failed += failed;
    this.skipped += why ? 1 : skipped;
    this.lines.push(
      why ? `  ${group}: skipped, ${why}` : `  ${group}: ${passed} passed, ${failed} failed, ${skipped} skipped`,
    );
  }

  fail(group) {
    this.add(group, { failed: 1 });
  }

  /** Prints what failed by name, the groups, then the sum alone on the last line; returns the exit code. */
  end() {
    const skipped = this.skipped > 0 ? `, ${this.skipped} skipped` : '';
    if (this.notes.length > 0) console.log(`\n${this.notes.map((n) => mark + n).join('\n')}`);
    console.log(`\n${this.lines.join('\n')}\n${this.passed} passed, ${this.failed} failed${skipped}`);
    return this.failed > 0 || this.passed === 0 ? 1 : 0;
  }
}

/** The sum that another script printed last. */
export function readTally(text) {
  const found = [...text.matchAll(/^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)].at(-1);
  const notes = text.split('\n').flatMap((line) => (line.startsWith(mark) ? [line.slice(mark.length)] : []));
  return found && { passed: Number(found[1]), failed: Number(found[2]), skipped: Number(found[3] ?? 0), notes };
}
