// Tests that cannot apply to a TCP stack of our own. Read one by one; each line says of which class a test is, and why. The classes are
// these five, and no others. A test that only fails does not belong here.
const CLASSES = ['pipe', 'fd', 'cluster', 'internal binding', 'debugger'];

const rows = [
  [
    'parallel/test-net-listen-handle-in-cluster-1.js',
    'cluster',
    'sends a listening server to a worker process; such a message carries a file descriptor of the kernel, ours has none',
  ],
  [
    'parallel/test-net-listen-handle-in-cluster-2.js',
    'cluster',
    'a worker listens on a kernel handle that the test makes itself; nothing of it is for us to carry',
  ],
  [
    'parallel/test-net-server-listen-handle.js',
    'fd',
    'listens on kernel handles and file descriptors that the test opens itself',
  ],
  [
    'parallel/test-http-parser-timeout-reset.js',
    'internal binding',
    'makes a parser of process.binding("http_parser") and gives it the handle of a socket by hand',
  ],
  [
    'sequential/test-http-regr-gh-2928.js',
    'internal binding',
    'gives the handle of a socket that connects to internal parsers of _http_common by hand',
  ],
  [
    'parallel/test-net-persistent-ref-unref.js',
    'internal binding',
    'replaces ref and unref of the internal class TCP and counts their calls; our handle is not of that class',
  ],
  [
    'parallel/test-net-server-transfer-worker.js',
    'fd',
    'moves a listening server to a worker thread: its descriptor changes the event loop, ours has none',
  ],
  ['parallel/test-net-socket-transfer-worker.js', 'fd', 'moves an accepted socket to a worker thread, as above'],
  ['parallel/test-net-socket-transfer-worker-http.js', 'fd', 'moves an accepted socket to a worker thread, as above'],
  [
    'parallel/test-net-persistent-nodelay.js',
    'internal binding',
    'replaces setNoDelay of the internal class TCP and counts its calls; our handle is not of that class',
  ],
];

export function excluded() {
  for (const [name, kind] of rows) if (!CLASSES.includes(kind)) throw new Error(`${name}: no such class: ${kind}`);
  return new Map(rows.map(([name, kind, reason]) => [name, { kind, reason }]));
}
