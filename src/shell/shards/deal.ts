/** Dealing buckets out. */
export const NOBODY = -1;

/** Shares buckets out evenly and moves as few as that takes. */
export function deal(owners: Int32Array, shards: readonly number[]): void {
  if (shards.length === 0) {
    owners.fill(NOBODY);
    return;
  }
  const count = new Map(shards.map((shard) => [shard, 0]));
  for (const owner of owners) if (count.has(owner)) count.set(owner, count.get(owner)! + 1);
  const give = (n: number, to: number): void => {
    owners[n] = to;
    count.set(to, count.get(to)! + 1);
  };
  const least = (): number => shards.reduce((a, b) => (count.get(b)! < count.get(a)! ? b : a));
  const most = (): number => shards.reduce((a, b) => (count.get(b)! > count.get(a)! ? b : a));
  for (let n = 0; n < owners.length; n++) if (!count.has(owners[n]!)) give(n, least());
  for (let from = most(), to = least(); count.get(from)! - count.get(to)! > 1; from = most(), to = least()) {
    count.set(from, count.get(from)! - 1);
    give(owners.indexOf(from), to);
  }
}
