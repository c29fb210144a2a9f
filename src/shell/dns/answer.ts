/** What a response says about a question: records, the absence of them, or that this server cannot tell. */
import type { Answer, DecodedPacket, RecordType } from 'dns-packet';

export type Verdict =
  | { readonly kind: 'records'; readonly records: readonly Answer[]; readonly ttl: number }
  /** The name is another one, of which nothing is said here. */
  | { readonly kind: 'alias'; readonly name: string; readonly ttl: number }
  /** `exists`: the name is there, records of the type are not. */
  | { readonly kind: 'nothing'; readonly exists: boolean; readonly ttl: number }
  /** Another server may do better. */
  | { readonly kind: 'useless'; readonly rcode: string };

const ALIASES = 16;
/** Seconds: RFC 8767 §4 has a day or week for records, RFC 2308 §5 one to three hours for their absence. */
const MOST = 86_400;
const MOST_NOTHING = 900;

export function judge(packet: DecodedPacket, name: string, type: RecordType): Verdict {
  const rcode = (packet as DecodedPacket & { rcode: string }).rcode;
  if (rcode !== 'NOERROR' && rcode !== 'NXDOMAIN') return { kind: 'useless', rcode };
  const answers = packet.answers ?? [];
  let at = name;
  let ttl = MOST;
  for (let n = 0; n < ALIASES; n++) {
    const here = answers.filter((a) => a.name.toLowerCase() === at.toLowerCase());
    const records = here.filter((a) => a.type === type);
    if (records.length > 0) return { kind: 'records', records, ttl: least(ttl, records) };
    const alias = here.find((a) => a.type === 'CNAME');
    if (alias === undefined) break;
    ttl = least(ttl, [alias]);
    at = String((alias as { data: unknown }).data);
  }
  if (rcode === 'NOERROR' && at !== name && negativeTtl(packet) === undefined) return { kind: 'alias', name: at, ttl };
  return { kind: 'nothing', exists: rcode === 'NOERROR', ttl: Math.min(ttl, negativeTtl(packet) ?? 0) };
}

function least(ttl: number, records: readonly Answer[]): number {
  return records.reduce((sum, record) => Math.min(sum, (record as { ttl?: number }).ttl ?? 0), ttl);
}

/** RFC 2308 §5: the smaller of the SOA's own TTL and its minimum. */
function negativeTtl(packet: DecodedPacket): number | undefined {
  const soa = packet.authorities?.find((a) => a.type === 'SOA') as
    | { ttl?: number; data: { minimum?: number } }
    | undefined;
  return soa === undefined ? undefined : Math.min(MOST_NOTHING, soa.ttl ?? 0, soa.data.minimum ?? 0);
}
