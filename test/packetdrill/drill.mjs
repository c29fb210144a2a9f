// node test/packetdrill/drill.mjs [--super] PACKETDRILL SCRIPT...    runs scripts on our stack and says which hold
// node test/packetdrill/drill.mjs [--super] --serve SOCKET           only our stack, until it is interrupted
// --super: packets leave uncut, as on a device with segmentation offload. `--` before a SCRIPT passes options on.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const { values, positionals } = parseArgs({
  options: { super: { type: 'boolean' }, serve: { type: 'string' }, patience: { type: 'string', default: '8' } },
  allowPositionals: true,
});
const [packetdrill, ...scripts] = positionals;
if (values.serve === undefined && scripts.length === 0) {
  console.error('drill.mjs [--super] PACKETDRILL SCRIPT... | drill.mjs [--super] --serve SOCKET');
  process.exit(2);
}
const at = fileURLToPath(new URL('./parts.ts', import.meta.url));
const { serve, LINUX, buildBridge, runScript } = (await runnerImport(at, { configFile: false })).module;
const folder = mkdtempSync(join(tmpdir(), 'usertcp-drill-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));

const path = values.serve ?? join(folder, 'socket');
rmSync(path, { force: true });
const offload = values.super ? 'super' : 'cut';
const server = await serve(path, { tcp: LINUX, offload, patience: Number(values.patience) });
const bridge = buildBridge();
if (values.serve !== undefined) {
  console.log(`packetdrill --so_filename=${bridge} --so_flags=${path} --local_ip=192.168.0.2 SCRIPT`);
} else {
  let failed = 0;
  for (const script of scripts) {
    const { ok, output } = await runScript(packetdrill, bridge, path, resolve(script));
    if (!ok) failed++;
    console.log(ok ? `pass ${script}` : `FAIL ${script}\n     ${output.replaceAll('\n', '\n     ')}`);
  }
  console.log(`${scripts.length - failed} of ${scripts.length} hold`);
  await server.close();
  process.exit(failed === 0 ? 0 : 1);
}
