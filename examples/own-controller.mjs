/**
 * A congestion controller of one's own, in the manner of Vegas: it watches the round trip grow and keeps two to four segments
 * in the queue. Before it meets other people's traffic it has to pass the gates of `usertcp/sim`: it fills a path, survives
 * loss, does not collapse, is fair to its like, and leaves room to others. Virtual time, no root.
 */
import { assessController, race } from 'usertcp/sim';

// A controller has no state of its own: 32 words of the connection are its memory. These are two of them.
const SHORTEST = 0; // round trip in µs, ever
const THIS_ROUND = 1; // the least of the present round

export const vegas = {
  name: 'vegas',

  open() {}, // cwnd is the initial window, all words are zero

  onAck(view, ack) {
    const { rttUs } = ack;
    if (rttUs > 0 && (view.int(SHORTEST) === 0 || rttUs < view.int(SHORTEST))) view.setInt(SHORTEST, rttUs);
    if (rttUs > 0 && (view.int(THIS_ROUND) === 0 || rttUs < view.int(THIS_ROUND))) view.setInt(THIS_ROUND, rttUs);
    if (!ack.roundStart || view.int(THIS_ROUND) === 0 || !ack.limited) return;
    // Of the window, what is not on the way must be in a queue.
    const queued = view.cwnd * (1 - view.int(SHORTEST) / view.int(THIS_ROUND));
    view.setInt(THIS_ROUND, 0);
    if (view.inSlowStart && queued < view.mss) view.cwnd *= 2;
    else if (view.inSlowStart) view.ssthresh = view.cwnd;
    else if (queued < 2 * view.mss) view.cwnd += view.mss;
    else if (queued > 4 * view.mss) view.cwnd -= view.mss;
  },

  onLossEvent(view, flightBytes) {
    view.ssthresh = view.cwnd = Math.max(flightBytes * 0.7, 2 * view.mss);
  },

  onRto(view, flightBytes, firstTime) {
    if (firstTime) view.ssthresh = Math.max(flightBytes / 2, 2 * view.mss);
    view.cwnd = view.mss;
  },
};

const { passed, gates } = await assessController(vegas);
for (const gate of gates) {
  console.log(`${gate.passed ? 'ok  ' : 'FAIL'} ${gate.name}: ${gate.measured.toFixed(2)}, wanted ${gate.wanted}`);
}
const { share } = await race({ flows: [vegas, vegas], rate: 1e7, rtt: 20 });
console.log(`two of them fill ${Math.round(share * 100)} % of 10 Mbit/s`);
// In a stack: createStack({ tcp: { congestion: vegas } }), stack.open({ congestion: vegas }), conn.setCongestionControl(vegas).
process.exitCode = passed ? 0 : 1;
