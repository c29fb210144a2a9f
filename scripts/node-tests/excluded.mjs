// Tests that cannot apply to a TCP stack of our own. Read one by one; each line says of which class a test is, and why. The classes are
// those that issue of the drop-in allows: pipe, fd, cluster, internal binding, debugger. A test that only fails does not belong here.
const CLASSES = ['pipe', 'fd', 'cluster', 'internal binding', 'debugger'];

const rows = [];

export function excluded() {
  for (const [name, kind] of rows) if (!CLASSES.includes(kind)) throw new Error(`${name}: no such class: ${kind}`);
  return new Map(rows.map(([name, kind, reason]) => [name, { kind, reason }]));
}
