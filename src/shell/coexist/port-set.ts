/** A set of ports as ranges, read and written like net.ipv4.ip_local_reserved_ports: "8080,9000-9100". */
export type PortRange = readonly [first: number, last: number];

export class PortSet {
  /** In order, apart from each other. */
  readonly ranges: readonly PortRange[];

  constructor(ranges: readonly PortRange[]) {
    const merged: [number, number][] = [];
    for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
      const before = merged.at(-1);
      if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
      else merged.push([first, last]);
    }
    this.ranges = merged;
  }

  static parse(text: string): PortSet {
    return new PortSet(
      [...text.matchAll(/(\d+)(?:-(\d+))?/g)].map(([, first, last]) => [Number(first), Number(last ?? first)]),
    );
  }

  has(port: number): boolean {
    return this.ranges.some(([first, last]) => port >= first && port <= last);
  }

  with(other: PortSet): PortSet {
    return new PortSet([...this.ranges, ...other.ranges]);
  }

  without(other: PortSet): PortSet {
    let left: PortRange[] = [...this.ranges];
    for (const [first, last] of other.ranges) {
      left = left.flatMap(([a, b]): PortRange[] => {
        const parts: PortRange[] = [
          [a, Math.min(b, first - 1)],
          [Math.max(a, last + 1), b],
        ];
        return parts.filter(([from, to]) => from <= to);
      });
    }
    return new PortSet(left);
  }

  toString(): string {
    return this.ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
  }
}
