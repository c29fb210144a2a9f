/** TCP options as scripts write them and as bytes. A reader and writer of its own: the peer must not share our mistakes. */

export type Option =
  | { readonly kind: 'mss'; readonly value: number }
  | { readonly kind: 'ws'; readonly value: number }
  | { readonly kind: 'sackOK' }
  | { readonly kind: 'nop' }
  | { readonly kind: 'eol' }
  /** null = any value. */
  | { readonly kind: 'ts'; readonly val: number | null; readonly ecr: number | null }
  | { readonly kind: 'sack'; readonly edges: readonly (readonly [number, number])[] }
  /** Bytes as they are, kind and length included. */
  | { readonly kind: 'raw'; readonly bytes: readonly number[] };

const EOL = 0;
const NOP = 1;
const MSS = 2;
const WS = 3;
const SACK_OK = 4;
const SACK = 5;
const TS = 8;

/** `mss 1000, sackOK, ts 1 0, ws 7, sack 1:101 201:301, nop, eol, raw fe 04 00 00`. */
export function parseOptions(text: string): Option[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseOption);
}

function parseOption(text: string): Option {
  const [kind, ...rest] = text.split(/\s+/);
  switch (kind) {
    case 'mss':
    case 'ws':
      return { kind, value: Number(rest[0]) };
    case 'sackOK':
    case 'nop':
    case 'eol':
      return { kind };
    case 'ts':
      return { kind, val: anyOr(rest[0]), ecr: anyOr(rest[1]) };
    case 'sack':
      return { kind, edges: rest.map((block) => block.split(':').map(Number) as [number, number]) };
    case 'raw':
      return { kind, bytes: rest.map((byte) => Number.parseInt(byte, 16)) };
    default:
      throw new Error(`no TCP option is called ${JSON.stringify(kind)}`);
  }
}

function anyOr(text: string | undefined): number | null {
  return text === undefined || text === '*' ? null : Number(text);
}

export function formatOption(o: Option): string {
  switch (o.kind) {
    case 'mss':
    case 'ws':
      return `${o.kind} ${o.value}`;
    case 'ts':
      return `ts ${o.val ?? '*'} ${o.ecr ?? '*'}`;
    case 'sack':
      return `sack ${o.edges.map(([left, right]) => `${left}:${right}`).join(' ')}`;
    case 'raw':
      return `raw ${o.bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;
    default:
      return o.kind;
  }
}

/** Padding is no news. */
export function withoutPadding(options: readonly Option[]): Option[] {
  return options.filter(({ kind }) => kind !== 'nop' && kind !== 'eol');
}

/** Padded with zeros to a multiple of four. */
export function encodeOptions(options: readonly Option[]): Uint8Array {
  const bytes: number[] = [];
  const put = (value: number, width: number): void => {
    for (let shift = 8 * (width - 1); shift >= 0; shift -= 8) bytes.push((value >>> shift) & 0xff);
  };
  for (const o of options) {
    if (o.kind === 'nop') bytes.push(NOP);
    else if (o.kind === 'eol') bytes.push(EOL);
    else if (o.kind === 'mss') bytes.push(MSS, 4, o.value >>> 8, o.value & 0xff);
    else if (o.kind === 'ws') bytes.push(WS, 3, o.value);
    else if (o.kind === 'sackOK') bytes.push(SACK_OK, 2);
    else if (o.kind === 'raw') bytes.push(...o.bytes);
    else if (o.kind === 'ts') {
      bytes.push(TS, 10);
      put(o.val ?? 0, 4);
      put(o.ecr ?? 0, 4);
    } else if (o.kind === 'sack') {
      bytes.push(SACK, 2 + 8 * o.edges.length);
      for (const edge of o.edges.flat()) put(edge, 4);
    }
  }
  while (bytes.length % 4 !== 0) bytes.push(EOL);
  if (bytes.length > 40) throw new Error(`${bytes.length} bytes of options: 40 is all that fits`);
  return Uint8Array.from(bytes);
}

/** Throws for anything a sender must not send [MUST-68] [MUST-69]. */
export function decodeOptions(bytes: Uint8Array): Option[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const options: Option[] = [];
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at]!;
    if (kind === EOL) {
      if (bytes.subarray(at).some((byte) => byte !== 0)) throw new Error('padding behind EOL is not zero [MUST-69]');
      options.push({ kind: 'eol' });
      break;
    }
    if (kind === NOP) {
      options.push({ kind: 'nop' });
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > bytes.length)
      throw new Error(`option ${kind} has the illegal length ${length} [MUST-68]`);
    options.push(decodeOption(view, bytes, at, kind, length));
    at += length;
  }
  return options;
}

function decodeOption(view: DataView, bytes: Uint8Array, at: number, kind: number, length: number): Option {
  if (kind === MSS && length === 4) return { kind: 'mss', value: view.getUint16(at + 2) };
  if (kind === WS && length === 3) return { kind: 'ws', value: bytes[at + 2]! };
  if (kind === SACK_OK && length === 2) return { kind: 'sackOK' };
  if (kind === TS && length === 10) return { kind: 'ts', val: view.getInt32(at + 2), ecr: view.getInt32(at + 6) };
  if (kind === SACK && length % 8 === 2) {
    const edges: [number, number][] = [];
    for (let o = at + 2; o < at + length; o += 8) edges.push([view.getInt32(o), view.getInt32(o + 4)]);
    return { kind: 'sack', edges };
  }
  return { kind: 'raw', bytes: [...bytes.subarray(at, at + length)] };
}
