// What the tests of plain.mjs ask of usertcp itself; the program does not load it before.
import { stack, counts as told } from '../../../dist/net.js';

export const counts = () => told();
export const metrics = async () => {
  const { toPrometheus } = await import('../../../dist/index.js');
  const all = (await stack()).metrics();
  return { net: all.net, text: toPrometheus(all) };
};
