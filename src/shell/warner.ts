/** Says what happens while the stack runs: kept in `stack.warnings`, and a warning of the process with a code of its own. */
export function warner(warnings: string[], code: string): (sentence: string) => void {
  return (sentence) => {
    warnings.push(sentence);
    process.emitWarning(`usertcp: ${sentence}`, { code });
  };
}
