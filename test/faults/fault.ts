/** A planted fault: one snippet of the source, changed so that what the requirement asks for is no longer done. */
export interface Fault {
  /** Unique among all lists; what USERTCP_FAULT is set to. */
  readonly name: string;
  /** Requirements it breaks: for each of them, a test that names it must fail. */
  readonly ids: readonly string[];
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** Test files that are run; of these, the tests that name one of `ids`, or match `pattern`. */
  readonly tests: readonly string[];
  /** For vitest's `-t`: where the ids alone would run too much, or too little. */
  readonly pattern?: string;
}

/** The file with the fault in it. Throws when the snippet is not there exactly once, so that no refactoring lets a fault die unseen. */
export function plant(fault: Fault, source: string): string {
  const found = source.split(fault.from).length - 1;
  if (found !== 1) throw new Error(`fault ${fault.name}: its snippet occurs ${found} times in ${fault.file}, not once`);
  if (fault.from === fault.to) throw new Error(`fault ${fault.name}: changes nothing`);
  return source.replace(fault.from, () => fault.to);
}
