// The table of rows of bench/pressure.mjs, in Markdown; `node bench/pressure.mjs --table FILE.jsonl` makes it of a file.
import { short } from './rows.mjs';

/** [what it is called, where it stands in a row, where it stood in rows before all counters were kept]. */
const told = [
  ['sent again', (r) => r.counters?.core?.retransSegs ?? r.retransSegs],
  ['probes', (r) => r.counters?.core?.zeroWindowProbes ?? r.zeroWindowProbes],
  ['dropped by the ring', (r) => r.counters?.link?.rxRingDrops ?? r.rxRingDrops],
  ['sent again by the client', (r) => r.kernel_retransmits],
];

/** What a peer does not count stays empty. */
export function pressureTable(rows) {
  const lines = rows.map((r) => {
    if (r.err) return `| ${r.t} | ${r.peer} | ${r.err} | | | | | |`;
    const speed = [r.gbps_before, r.gbps_during, r.gbps_after].map((v) => (v < 0.01 ? '0' : short(v))).join(' → ');
    const numbers = [short(r.first_byte_ms), short(r.cpu_s_per_gb), short(r.rss_mb), r.lost + r.wrong];
    const counts = told.flatMap(([what, of]) => (of(r) > 0 ? [`${of(r)} ${what}`] : [])).join(', ');
    return `| ${r.t} | ${r.peer} | ${speed} | ${numbers.join(' | ')} | ${[counts, r.errors].filter(Boolean).join('; ')} |`;
  });
  const head =
    '| pressure | server | Gbit/s before → during → after | first byte after, ms | CPU s/GB | RSS +MB | lost bytes | counters |';
  return `${head}\n|---|---|---|---:|---:|---:|---:|---|\n${lines.join('\n')}\n`;
}
