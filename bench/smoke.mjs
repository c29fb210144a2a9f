// What must hold of rows on any machine, however slow: every load moved something, and every server lived.

/** Loads that a peer of this mode must have. */
const must = {
  trips: ['rr1-same', 'rr64-same', 'rr1-cross', 'rr64-cross', 'cps'],
  bulk: ['sink', 'sink8', 'source', 'sink-crc', 'sink8-crc', 'source-crc'],
};

const moved = {
  sink: (r) => r.total > 0,
  source: (r) => r.total > 0,
  cps: (r) => r.done > 0,
  rr1: (r) => r.n > 0,
  rr64: (r) => r.n > 0,
  lat: (r) => r.n > 0 && r.unanswered === 0 && r.dead === 0,
  idle: (r) => r.open === r.n,
};

const required = (mode) => {
  if (mode === 'gro') return must.bulk;
  return mode === 'apart' ? ['cps', ...must.bulk] : [...must.trips, ...must.bulk];
};

/** `skipped`: peers that were asked for, or planned, and are not there. */
export function complaints(rows, { names, modes, idle, skipped = [] }) {
  const wrong = skipped.map((peer) => `${peer} was skipped`);
  for (const r of rows) {
    const what = `${r.peer} ${r.mode} ${r.t ?? r.m}`;
    if (r.err || r.client_err) wrong.push(`${what}: ${r.err || r.client_err}`);
    else if (moved[r.m]?.(r) === false) wrong.push(`${what}: stalled: ${JSON.stringify({ ...r, curve: undefined })}`);
  }
  const has = (peer, mode, load) => rows.some((r) => r.peer === peer && r.mode === mode && (r.t ?? r.m) === load);
  for (const peer of names) {
    for (const mode of modes) {
      for (const load of required(mode)) {
        if (!has(peer, mode, load)) wrong.push(`${peer} ${mode} ${load}: no row`);
      }
    }
    if (idle && !has(peer, 'idle', 'idle')) wrong.push(`${peer} idle: no row`);
  }
  return wrong;
}
