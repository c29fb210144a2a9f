/**
 * What one ACK says, for a controller: bytes, times, and the delivery rate of draft-ietf-ccwg-bbr §4.1. One object per
 * stack: its values are those of the ACK at hand and gone after `onAck`.
 */
export class AckSample {
  /** Bytes that SND.UNA moved by; 0 for an ACK that brought selective acknowledgments only. */
  ackedBytes = 0;
  /** Bytes newly known to have arrived: acknowledged or selectively acknowledged, each once. */
  delivered = 0;
  /** Bytes marked lost since the last ACK the controller saw. */
  newlyLost = 0;
  /** Round trip in µs of the newest segment that this ACK reports, when it was sent once only; else 0. */
  rttUs = 0;
  /** The window (or pacing) was what held the sender back: a window that was not used proves nothing (RFC 7661 §4.3). */
  limited = false;
  /** In fast recovery. */
  recovering = false;
  /** @internal This ACK ended fast recovery: counts as in it. */
  repaired = false;
  /** A round trip is over: a segment sent after the last one ended was delivered. */
  roundStart = false;
  /** Bytes in flight, after this ACK. */
  inFlight = 0;
  /** Bytes delivered between the sending of the newest segment reported and now; 0 = unknown. */
  sampledBytes = 0;
  /** µs that took; 0 = unknown. */
  intervalUs = 0;
  /** `sampledBytes` per second; 0 = unknown. */
  deliveryRate = 0;
  /** The application, not the network, was the limit when that segment was sent: the rate may be too low. */
  appLimited = false;
  /** Bytes in flight when that segment was sent, itself included. */
  txInFlight = 0;
  /** Bytes marked lost since that segment was sent. */
  lost = 0;
  /** Of the bytes delivered, those that met a congestion mark (ECN). */
  ceBytes = 0;

  /** @internal The newest segment reported: what C.delivered was when it was sent, and when that was. */
  priorDelivered = 0;
  /** @internal */
  sentAt = 0;
  /** @internal Send and ACK phase of the sample. */
  sendElapsed = 0;
  /** @internal */
  ackElapsed = 0;
  /** @internal A record was taken into the sample. */
  filled = false;

  /** @internal */
  clear(): void {
    this.ackedBytes = 0;
    this.delivered = 0;
    this.newlyLost = 0;
    this.rttUs = 0;
    this.limited = false;
    this.recovering = false;
    this.repaired = false;
    this.roundStart = false;
    this.sampledBytes = 0;
    this.intervalUs = 0;
    this.deliveryRate = 0;
    this.appLimited = false;
    this.txInFlight = 0;
    this.lost = 0;
    this.ceBytes = 0;
    this.filled = false;
  }
}
