/** What keeps a flood out, and those who guess. */
import type { Fault } from './fault.ts';

const COOKIES = ['test/conformance/syn-cookies.test.ts'];

export const hardening: readonly Fault[] = [
  {
    name: 'cookie-of-anybody',
    ids: ['RFC 4987 §3.6'],
    file: 'src/core/cookie.ts',
    from: 'if (age > 1 || (cookie & HASH) !== this.proof(period(now) - age, said)) return false;',
    to: 'if (age > 1) return false;',
    tests: ['test/unit/core/cookie.test.ts', ...COOKIES],
  },
  {
    name: 'cookie-without-options',
    ids: ['RFC 4987 §3.6'],
    file: 'src/core/tcp/syn-cookies.ts',
    from: 'let value = (clock & ~TS_BITS) | said;',
    to: 'let value = clock | (said & 0);',
    tests: COOKIES,
  },
  {
    name: 'full-queue-sends-no-cookie',
    ids: ['RFC 4987 §3'],
    file: 'src/core/tcp/arrives/listen.ts',
    from: 'sendCookie(t, listener, seg, identity);',
    to: 'if (after !== undefined) sendCookie(t, listener, seg, identity);',
    tests: COOKIES,
  },
  {
    name: 'challenge-limit-is-known',
    ids: ['RFC 5961 §7'],
    file: 'src/core/challenges.ts',
    from: '((this.rng.u32() >>> 0) % DRAWN_CHALLENGES)',
    to: '(DRAWN_CHALLENGES >> 1)',
    tests: ['test/unit/core/challenges.test.ts'],
  },
];
