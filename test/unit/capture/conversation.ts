/** A scripted TCP connection between two hosts, as frames: input for captures and ladders. */
import { ACK, FIN, PSH, SYN } from '../../../src/wire/abi.ts';
import { FrameEncoder } from '../../../src/wire/encode.ts';
import { writeSynOptions } from '../../../src/wire/tcp-options.ts';
import type { Segment } from '../wire/regions.ts';
import { describe as fill, MAC_A, MAC_B, regions, setHop, setRow } from '../wire/regions.ts';

export const CLIENT_ISS = 0xfffffff0 | 0; // wraps within the first bytes
export const SERVER_ISS = 5000;

/** Makes frames of either end; `seq` and `ack` relative, `ack` -1 for none. */
export function conversation(client = '10.0.0.1', server = '10.0.0.2') {
  const r = regions();
  setRow(r, 0, client, 40000, server, 80);
  setRow(r, 1, server, 80, client, 40000);
  setHop(r, 0, MAC_B);
  setHop(r, 1, MAC_A);
  const encoders = [new FrameEncoder(r, MAC_A), new FrameEncoder(r, MAC_B)];
  const iss = [CLIENT_ISS, SERVER_ISS];
  const synOptions = writeSynOptions(r.arena, 60000, 1460, 7, true);
  return (end: 0 | 1, flags: number, seq: number, ack: number, length = 0, more: Segment = {}): Uint8Array => {
    const tx = new Int32Array(64);
    fill(tx, 0, {
      row: end,
      hop: end,
      seq: (iss[end]! + seq) | 0,
      flags: flags | (ack < 0 ? 0 : ACK),
      window: 1000,
      ...(ack < 0 ? {} : { ack: (iss[1 - end]! + ack) | 0 }),
      ...(length > 0 ? { pieces: [[0, length]] } : {}),
      ...(flags & SYN ? { options: [60000, synOptions] } : {}),
      ...more,
    });
    const out = new Uint8Array(70000);
    return out.slice(0, encoders[end]!.frame(tx, 0, out, 0));
  };
}

/** Handshake, a request, `n` data segments with their ACKs, the server closes first, then the client. */
export function exchange(n: number, client?: string, server?: string): Uint8Array[] {
  const say = conversation(client, server);
  const frames = [say(0, SYN, 0, -1), say(1, SYN, 0, 1), say(0, 0, 1, 1), say(0, PSH, 1, 1, 20)];
  for (let i = 0; i < n; i++) frames.push(say(1, 0, 1 + 1000 * i, 21, 1000), say(0, 0, 21, 1 + 1000 * (i + 1)));
  const end = 1 + 1000 * n;
  frames.push(say(1, FIN, end, 21), say(0, 0, 21, end + 1), say(0, FIN, 21, end + 1), say(1, 0, end + 1, 22));
  return frames;
}
