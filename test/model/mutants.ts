/** Mistakes planted in the core, each of which the checker must find. `scenario` and `kind` say where it looks first. */
import { readFileSync } from 'node:fs';
import { type Fault, plant } from '../faults/fault.ts';
import type { Budget } from './scenario.ts';

export interface Mutant extends Pick<Fault, 'name' | 'file' | 'from' | 'to'> {
  /** How the name of the scenario begins. */
  readonly scenario: string;
  /** The fault of the network that it takes; none = calm histories. */
  readonly kind?: keyof Budget;
}

const core = 'src/core/';
const arrives = `${core}tcp/arrives/`;

export const mutants: readonly Mutant[] = [
  {
    name: 'FIN takes no sequence number',
    file: `${arrives}fin.ts`,
    from: '  tcb.rcvNxt = add(tcb.rcvNxt, 1);\n  if',
    to: '  if',
    scenario: 'two losses',
  },
  {
    name: 'END before the text is whole',
    file: `${arrives}fin.ts`,
    from: 'const here = seg.flags & FIN && add(seg.seq, seg.len) === tcb.rcvNxt;',
    to: 'const here = seg.flags & FIN;',
    scenario: 'text both ways',
    kind: 'reorder',
  },
  {
    name: 'CLOSING and FIN_WAIT_2 reach TIME_WAIT without 2MSL',
    file: `${arrives}fin.ts`,
    from: '  if (tcb.state === TIME_WAIT) beginTimeWait(t, tcb);\n  else beginRest',
    to: '  if (tcb.state !== TIME_WAIT) beginRest',
    scenario: 'two losses',
  },
  {
    name: 'any ACK of all that was sent counts as one of the FIN',
    file: `${arrives}ack.ts`,
    from: 'const finAcked = (tcb.flags & F_FIN_SENT) !== 0 && tcb.sndUna === tcb.sndNxt;\n  switch',
    to: 'const finAcked = tcb.sndUna === tcb.sndNxt;\n  switch',
    scenario: 'a small window',
  },
  {
    name: 'an ACK of what was never sent is taken',
    file: `${arrives}ack.ts`,
    from: 'if (geq(seg.ack, oldest) && leq(seg.ack, tcb.sndNxt)) return true;',
    to: 'if (geq(seg.ack, oldest)) return true;',
    scenario: 'three-way',
  },
  {
    name: 'any later ACK ends the handshake',
    file: 'src/core/tcp/handshakes.ts',
    from: '    if (seg.ack === tcb.sndNxt) {',
    to: '    if (((seg.ack - tcb.sndUna) | 0) > 0) {',
    scenario: 'three-way',
  },
  {
    name: 'the retransmission timer stops at any ACK',
    file: `${arrives}ack.ts`,
    from: '  if (tcb.sndUna === tcb.sndNxt) {\n    disarm(tcb, TIMER_REXMIT);',
    to: '  {\n    disarm(tcb, TIMER_REXMIT);',
    scenario: 'three-way',
  },
  {
    name: 'the FIN counts as an octet of text',
    file: `${arrives}ack.ts`,
    from: 'const bytes = acked - (finAcked ? 1 : 0);',
    to: 'const bytes = acked;',
    scenario: 'three-way',
  },
  {
    name: 'no timer for a FIN behind a late handshake (T282)',
    file: `${arrives}ack.ts`,
    from: '  if (tcb.sndUna !== tcb.sndNxt) {\n    arm(t, tcb, TIMER_REXMIT, tcb.rto);\n',
    to: '  if (tcb.sndUna !== tcb.sndNxt) {\n',
    scenario: 'close in SYN_RECEIVED',
  },
  {
    name: 'text is delivered and RCV.NXT stays',
    file: `${arrives}text.ts`,
    from: '  tcb.rcvNxt = add(tcb.rcvNxt, length);\n  reportPieces',
    to: '  reportPieces',
    scenario: 'three-way',
  },
  {
    name: 'held text is delivered and RCV.NXT stays',
    file: `${core}tcp/reassembly.ts`,
    from: '      tcb.rcvNxt = add(tcb.rcvNxt, length);\n',
    to: '',
    scenario: 'text both ways',
    kind: 'reorder',
  },
  {
    name: 'the window takes one octet too many',
    file: `${arrives}sequence.ts`,
    from: 'if (geq(seg.seq, tcb.rcvNxt) && lt(seg.seq, edge)) return true;',
    to: 'if (geq(seg.seq, tcb.rcvNxt) && leq(seg.seq, edge)) return true;',
    scenario: 'three-way',
  },
  {
    name: 'text that was here already is not cut off',
    file: `${arrives}sequence.ts`,
    from: '    seg.skip += before;\n',
    to: '',
    scenario: 'three-way',
  },
  {
    name: 'any RST in the window ends the connection',
    file: `${arrives}rst.ts`,
    from: 'if (seg.seq !== tcb.rcvNxt || seg.skip > 0) {',
    to: 'if (seg.skip > 0) {',
    scenario: 'three-way',
  },
  {
    name: 'TIME_WAIT is assassinated (RFC 1337)',
    file: `${arrives}rst.ts`,
    from: '  if (tcb.state === TIME_WAIT && t.defaults.rfc1337 !== false) return STOP;',
    to: '',
    scenario: 'three-way',
  },
  {
    name: 'an active open goes back to LISTEN',
    file: `${arrives}syn.ts`,
    from: 'if (tcb.state === SYN_RECEIVED && tcb.flags & F_PASSIVE && (tcb.flags2 & F2_TFO_PENDING) === 0)',
    to: 'if (tcb.state === SYN_RECEIVED)',
    scenario: 'simultaneous open',
  },
  {
    name: 'SYN_SENT takes any ACK',
    file: `${arrives}syn-sent.ts`,
    from: 'const ackGood = hasAck && gt(seg.ack, tcb.iss) && leq(seg.ack, tcb.sndNxt);',
    to: 'const ackGood = hasAck;',
    scenario: 'three-way',
  },
  {
    name: 'SYN_SENT takes a RST without ACK',
    file: `${arrives}syn-sent.ts`,
    from: '    if (ackGood) {\n      t.counters',
    to: '    if (ackGood || !hasAck) {\n      t.counters',
    scenario: 'three-way',
  },
  {
    name: 'a RST is answered with a RST',
    file: `${arrives}closed.ts`,
    from: '  if (seg.flags & RST) return;',
    to: '',
    scenario: 'three-way',
  },
  {
    name: 'LISTEN takes a SYN with an ACK',
    file: `${arrives}listen.ts`,
    from: '  if (seg.flags & ACK) {',
    to: '  if (seg.flags & ACK && (seg.flags & SYN) === 0) {',
    scenario: 'three-way',
  },
  {
    name: 'TIME_WAIT has no timer',
    file: `${core}tcp/lifecycle.ts`,
    from: '  restart2MSL(t, tcb);\n}',
    to: '}',
    scenario: 'two losses',
  },
  {
    name: 'a dead connection stays in the flow table',
    file: `${core}tcp/lifecycle.ts`,
    from: '  if (tcb.flags & F_IN_FLOWS) t.flows.remove(tcb.row);\n',
    to: '',
    scenario: 'two connections',
  },
  {
    name: 'a closed window is never probed',
    file: `${core}tcp/output.ts`,
    from: '  arm(t, tcb, TIMER_PERSIST, tcb.sndWnd === 0 ? tcb.rto : SWS_OVERRIDE);\n',
    to: '',
    scenario: 'a small window',
  },
  {
    name: 'CLOSE forgets the FIN',
    file: `${core}tcp/close.ts`,
    from: 'tcb.flags = (tcb.flags | F_FIN_QUEUED) & ~F_CLOSE_QUEUED;',
    to: 'tcb.flags &= ~F_CLOSE_QUEUED;',
    scenario: 'two losses',
  },
  {
    name: 'CLOSE in SYN_RECEIVED with text is forgotten',
    file: `${core}tcp/calls.ts`,
    from: 'if (tcb.sndQueued > 0) tcb.flags |= F_CLOSE_QUEUED;',
    to: 'if (tcb.sndQueued > 0) return OK;',
    scenario: 'close in SYN_RECEIVED',
  },
  {
    name: 'our FIN takes no sequence number',
    file: `${core}tcp/send-text.ts`,
    from: 'tcb.sndNxt = add(seq, n + (fin ? 1 : 0));',
    to: 'tcb.sndNxt = add(seq, n);',
    scenario: 'two losses',
  },
  {
    name: 'sequence numbers do not wrap',
    file: `${core}seq.ts`,
    from: 'export const lt = (a: number, b: number): boolean => ((a - b) | 0) < 0;',
    to: 'export const lt = (a: number, b: number): boolean => a >>> 0 < b >>> 0;',
    scenario: 'three-way',
  },
  {
    name: 'a listener takes no reopening of TIME_WAIT seriously: the old row stays',
    file: 'src/core/tcp/handshakes.ts',
    from: '    finish(t, old, EV.evict);\n',
    to: '',
    scenario: 'the end that closed last',
  },
];

const root = new URL('../../', import.meta.url).pathname;
const QUERY = '?mutant=';

/** Whether the module is the file with the mistake or imports it, by whatever way: only these need a copy. */
function leadsTo(file: string, target: string, seen = new Set<string>()): boolean {
  if (file === target) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  return importsOf(file).some((next) => leadsTo(next, target, seen));
}

const imports = new Map<string, readonly string[]>();

function importsOf(file: string): readonly string[] {
  let found = imports.get(file);
  if (found === undefined) {
    const statements = readFileSync(file, 'utf8').matchAll(/^(?:import|\}|export)[^;]*? from '(\.[^']+)'/gm);
    found = [...statements]
      .map((m) => new URL(m[1]!, `file://${file}`).pathname)
      .filter((f) => f.startsWith(root + core));
    imports.set(file, found);
  }
  return found;
}

interface Plugin {
  readonly name: string;
  readonly enforce: 'pre';
  resolveId(source: string, importer: string | undefined): string | undefined;
  transform(code: string, id: string): { code: string; map: null } | undefined;
}

/** `stack-core.ts?mutant=3` is a core of its own, with the fault in it: the query goes along to what the core imports of itself. */
export function mutantCores(): Plugin {
  return {
    name: 'usertcp:mutants',
    enforce: 'pre',
    resolveId(source, importer) {
      const query = importer?.indexOf(QUERY) ?? -1;
      if (query < 0 || !source.startsWith('.')) return undefined;
      const file = new URL(source, `file://${importer!.slice(0, query)}`).pathname;
      if (!file.startsWith(root + core)) return undefined;
      const mutant = mutants[Number(importer!.slice(query + QUERY.length))]!;
      return leadsTo(file, root + mutant.file) ? file + importer!.slice(query) : undefined;
    },
    transform(code, id) {
      const query = id.indexOf(QUERY);
      if (query < 0) return undefined;
      const mutant = mutants[Number(id.slice(query + QUERY.length))]!;
      if (id.slice(0, query) !== root + mutant.file) return undefined;
      return { code: plant({ ...mutant, ids: [], tests: [] }, code), map: null };
    },
  };
}
