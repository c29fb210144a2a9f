/** Whether the next step of §3.10.7.4 sees the segment. */
export const STOP = false;
export const GO_ON = true;
export type Verdict = boolean;
