/** RFC 9293 §3.9.2.1: source routes. */
import type { Fault } from './fault.ts';

const tests = ['test/conformance/source-routes.test.ts'];

export const sourceRoutes: readonly Fault[] = [
  {
    name: 'named-route-is-forgotten',
    ids: ['MUST-51'],
    file: 'src/core/tcp/calls.ts',
    from: 'const named = route === undefined ||',
    to: 'const named = route !== undefined ||',
    tests,
  },
  {
    name: 'received-route-replaces-the-named-one',
    ids: ['MUST-52'],
    file: 'src/core/tcp/way-back.ts',
    from: 'if (!routes.arrived || (tcb.flags & F_PASSIVE) === 0) return;',
    to: 'if (!routes.arrived) return;',
    tests,
  },
  {
    name: 'way-back-is-not-saved',
    ids: ['MUST-53'],
    file: 'src/core/tcp/way-back.ts',
    from: 'if (t.sourceRoutes.arrived) tcb.flags2 |= F2_ROUTED;',
    to: 'if (t.sourceRoutes.arrived && tcb.flags === 0) tcb.flags2 |= F2_ROUTED;',
    tests,
  },
  {
    name: 'way-back-is-the-way-it-came',
    ids: ['MUST-53'],
    file: 'src/wire/source-route.ts',
    from: 'for (let n = routeHops(b, o, l4) - 1; n >= 0; n--) back.push',
    to: 'for (let n = 0; n < routeHops(b, o, l4); n++) back.push',
    tests,
  },
  {
    name: 'echo-reply-by-our-own-routes',
    ids: ['RFC 1122 §3.2.2.6'],
    file: 'src/core/ip/frames.ts',
    from: 'if (packet.version !== 4 ||',
    to: 'if (packet.version >= 4 ||',
    tests: ['test/unit/core/ip/icmp-routes.test.ts'],
  },
  {
    name: 'first-route-stays',
    ids: ['SHLD-24'],
    file: 'src/core/tcp/way-back.ts',
    from: 'if (before !== 0 && routes.agree(before, routes.arrivedEntry)) return;',
    to: 'if (before !== 0) return;',
    tests,
  },
  {
    name: 'route-of-an-old-acknowledgment-counts',
    ids: ['SHLD-24'],
    file: 'src/core/tcp/way-back.ts',
    from: 'if (seg.ack !== tcb.sndUna) return;',
    to: '',
    tests,
  },
];
