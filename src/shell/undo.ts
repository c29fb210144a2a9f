/** Giving back what was opened: one thing that cannot be undone does not keep the rest. */

/** Runs every step, in order. Returns what went wrong, several as an AggregateError; undefined = nothing. */
export async function undoAll(steps: readonly (() => unknown)[], earlier: readonly unknown[] = []): Promise<unknown> {
  const errors = [...earlier];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length < 2) return errors[0];
  const text = errors.map((error) => (error instanceof Error ? error.message : String(error))).join('; ');
  return new AggregateError(errors, text);
}
