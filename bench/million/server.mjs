// The process that holds the connections. A message asks for a reading: what happened since the last one.
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import { createStack } from '../../dist/index.js';

const [device, address, most, brief] = process.argv.slice(2);
const stack = await createStack({
  device,
  addresses: [address],
  maxConnections: Number(most),
  tcp: { noDelay: true },
});
await stack.serve(
  9000,
  { data: (conn, bytes) => void conn.write(bytes) },
  { backlog: 4096, keepObjects: brief !== '1' },
);

const pauses = [];
new PerformanceObserver((list) => {
  for (const { duration, detail } of list.getEntries()) pauses.push({ ms: duration, kind: detail.kind });
}).observe({ entryTypes: ['gc'] });
// Only while it is asked for: it wakes the process a thousand times a second.
const delay = monitorEventLoopDelay({ resolution: 1 });
let cpu = process.cpuUsage();
let at = performance.now();

function reading() {
  const used = process.cpuUsage(cpu);
  const now = performance.now();
  const { connections, memory, core, driver, links } = stack.metrics();
  const { heapUsed, heapTotal, arrayBuffers, rss } = process.memoryUsage();
  const result = {
    connections,
    secs: (now - at) / 1000,
    user: used.user / 1e6,
    sys: used.system / 1e6,
    rss,
    heapUsed,
    heapTotal,
    arrayBuffers,
    tables: memory.touched,
    flights: memory.flights,
    delayP50: delay.percentile(50) / 1e6,
    delayP99: delay.percentile(99) / 1e6,
    delayMax: delay.max / 1e6,
    gcs: pauses.length,
    gcMax: pauses.reduce((most, { ms }) => Math.max(most, ms), 0),
    gcMajor: pauses.filter(({ kind }) => kind === 4).map(({ ms }) => Math.round(ms * 10) / 10),
    turns: driver.turns,
    alarms: driver.alarms,
    txFrames: links[device].txFrames,
    rxFrames: links[device].rxFrames,
    ringDrops: links[device].rxRingDrops,
    retransSegs: core.retransSegs,
    outSegs: core.outSegs,
  };
  pauses.length = 0;
  delay.reset();
  cpu = process.cpuUsage();
  at = performance.now();
  return result;
}

process.on('message', async (message) => {
  if (message === 'close') return process.exit(0);
  if (message === 'collect') globalThis.gc?.();
  if (message === 'watch') delay.enable();
  if (message === 'rest') delay.disable();
  // Entries of collections are told in a later turn.
  setImmediate(() => process.send(reading()));
});
process.on('disconnect', () => process.exit(0));
process.send('ready');
