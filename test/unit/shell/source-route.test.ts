// The option `sourceRoute` of open, dial and connect; what becomes of it is in test/conformance/source-routes.test.ts.
import { expect, test } from 'vitest';
import { checkSourceRoute } from '../../../src/shell/options/source-route.ts';
import { World } from '../../../src/sim.ts';

test('loose unless strict is said [MUST-51]', () => {
  expect(checkSourceRoute(undefined)).toBeUndefined();
  expect(checkSourceRoute({ hops: ['10.0.0.9'] })).toEqual({ strict: false, hops: [0x0a000009] });
  expect(checkSourceRoute({ type: 'strict', hops: ['255.0.0.1'] })).toEqual({ strict: true, hops: [0xff000001 | 0] });
});

test.each([
  [null, /sourceRoute: null .* an object/],
  [{ via: [] }, /sourceRoute.via/],
  [{ type: 'lose', hops: ['10.0.0.9'] }, /sourceRoute.type: 'lose' .*"loose"/],
  [{ hops: [] }, /sourceRoute.hops: .* one to 9 IPv4 addresses/],
  [{ hops: new Array(10).fill('10.0.0.9') }, /one to 9/],
  [{ hops: ['10.0.0.9', 'fd00::1'] }, /sourceRoute.hops\[1\]: 'fd00::1' .* an IPv4 address/],
])('%j names what is wrong', (route, message) => {
  expect(() => checkSourceRoute(route as never)).toThrow(message);
});

test('to an IPv6 address there is none [MUST-51]', async () => {
  const w = new World();
  const a = w.host(['10.0.0.1/24', '2001:db8::1/64']);
  const opened = a.open({ host: '2001:db8::2', port: 80, sourceRoute: { hops: ['10.0.0.9'] } });
  await expect(w.settle(opened)).rejects.toMatchObject({ code: 'EINVAL' });
  expect(() => a.open({ host: '10.0.0.2', port: 80, sourceRoute: { hops: [] } })).toThrow(/sourceRoute.hops/);
  w.close();
});
