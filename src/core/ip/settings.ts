/** What a stack's IP layer is told at creation; absent = off, or the default. */
import { DEFAULT_REASSEMBLY } from './reassembly.ts';

export interface IpSettings {
  /** Bytes for fragments of datagrams that are not whole yet. */
  readonly reassemblyBytes: number;
}

export const DEFAULT_IP: IpSettings = {
  reassemblyBytes: DEFAULT_REASSEMBLY,
};
