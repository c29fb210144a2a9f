/** What went wrong without ending the connection (RFC 9293 §3.9.1.8 [MUST-47]): nobody has to listen [SHLD-20]. */
import { StackError, systemError } from './errors.ts';

/** Bit 31 of EV_SOFT_ERROR: an ICMP type and code, not an error code of ours. */
const ICMP = 0x8000;

/** [SHLD-25] An ICMP error shows its type and code; retransmissions that pass R1 are ETIMEDOUT [SHLD-9]. */
export function softError(word: number): Error {
  if (word >>> 16 !== ICMP) return systemError(word, 'write');
  const icmpType = (word >> 8) & 0xff;
  const icmpCode = word & 0xff;
  const error = new StackError('ERR_USERTCP_ICMP', `ICMP error, type ${icmpType}, code ${icmpCode}`);
  return Object.assign(error, { icmpType, icmpCode });
}
