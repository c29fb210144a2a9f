/** What a core without a shell is told of TCP: windows that scale, NewReno, and nothing that is optional. */
import type { TcpDefaults } from '../../../src/core/api.ts';

export const DEFAULTS: TcpDefaults = {
  sendBuffer: 1 << 20,
  receiveBuffer: 1 << 20,
  initialWindow: 65536,
  timestamps: true,
  sack: true,
  windowScaling: true,
  noDelay: false,
  mtuProbing: true,
  ecn: 'accept',
  delayedAck: 40,
  minRto: 200,
  msl: 30_000,
  finWait2: 60_000,
  synRetries: 6,
  dataRetries: 15,
  userTimeout: 0,
  userTimeoutOption: false,
  orphanTimeout: 120_000,
  notSentLowat: 0,
  ttl: 64,
  congestion: 'newreno',
  pacing: false,
  ephemeralPorts: [32768, 60999],
};
