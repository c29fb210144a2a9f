/** Who carried the connections and listeners of `net`. */
export interface NetCounts {
  /** Connections that our stack accepted. */
  accepted: number;
  /** Connections that our stack opened. */
  opened: number;
  /** Servers of our stack now. */
  listening: number;
  /** Servers there have been. */
  listened: number;
  /** Connections that the kernel accepted. */
  kernelAccepted: number;
  /** Connections that the kernel opened. */
  kernelOpened: number;
  /** Servers of the kernel's alone, now. */
  kernelListening: number;
  /** Refused because of `fallback: 'error'`. */
  unroutable: number;
}

export function noCounts(): NetCounts {
  return {
    accepted: 0,
    opened: 0,
    listening: 0,
    listened: 0,
    kernelAccepted: 0,
    kernelOpened: 0,
    kernelListening: 0,
    unroutable: 0,
  };
}

export function sumOf(all: Iterable<NetCounts>): NetCounts {
  const sum = noCounts();
  for (const counts of all) {
    for (const name of Object.keys(sum) as (keyof NetCounts)[]) sum[name] += counts[name];
  }
  return sum;
}
