/** What rounds of two servers in turn say: a speed is a ratio of two things measured together, the median of several. */

/** Bytes per second of one round. */
export interface Speeds {
  readonly ours: number;
  readonly theirs: number;
}

export function gigabits(bytesPerSecond: number): string {
  return `${((bytesPerSecond * 8) / 1e9).toFixed(2)} Gbit/s`;
}

/** Two lines for the terminal; `rounds` has at least one. */
export function outcome(rounds: readonly Speeds[]): [string, string] {
  const ratios = rounds.map(({ ours, theirs }) => ours / theirs);
  const [least, most] = [Math.min(...ratios).toFixed(2), Math.max(...ratios).toFixed(2)];
  const spread = rounds.length > 1 ? `; ${least} to ${most} in ${rounds.length} rounds` : '';
  return [
    `  usertcp     ${gigabits(median(rounds.map(({ ours }) => ours)))}`,
    `  Node's net  ${gigabits(median(rounds.map(({ theirs }) => theirs)))}   (usertcp is ${median(ratios).toFixed(2)} times as fast${spread})`,
  ];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
