// Two hosts on one wire, ours and the kernel's, and both ways to cast them.

import { Host, type StackConfig } from './host.ts';
import { addresses, Lab, type LabOptions } from './lab.ts';

export const roles = ['server', 'client'] as const;
export type Role = (typeof roles)[number];
export const families = ['v4', 'v6'] as const;
export type Family = (typeof families)[number];

/** Every role of ours in every family, for test.each. */
export const casts = roles.flatMap((role) => families.map((family) => ({ role, family })));

export class Pair {
  readonly lab: Lab;
  readonly ours: Host;
  readonly kernel: Host;

  private constructor(lab: Lab, ours: Host, kernel: Host) {
    this.lab = lab;
    this.ours = ours;
    this.kernel = kernel;
  }

  static async create(options: LabOptions = {}, config: StackConfig = {}): Promise<Pair> {
    const lab = await Lab.create(options);
    try {
      const [ours, kernel] = await Promise.all([Host.stack(lab, config), Host.kernel(lab)]);
      return new Pair(lab, ours, kernel);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Who serves, who connects, and where to, when ours has this role. */
  cast(role: Role, family: Family = 'v4'): { server: Host; client: Host; host: string } {
    return role === 'server'
      ? { server: this.ours, client: this.kernel, host: addresses.stack[family] }
      : { server: this.kernel, client: this.ours, host: addresses.kernel[family] };
  }

  close(): Promise<void> {
    return this.lab.close();
  }
}
