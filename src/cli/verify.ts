/** `usertcp verify`: does this installation do what RFC 9293 requires? On simulated wires: no rights, no network, virtual time. */
import { Bench, type Check, NotMet } from './verify/bench.ts';
import { format } from './verify/format.ts';
import { opening } from './verify/opening.ts';
import { receiving } from './verify/receiving.ts';
import { routes } from './verify/routes.ts';
import { sending } from './verify/sending.ts';

export const checks: readonly Check[] = [...format, ...opening, ...sending, ...receiving, ...routes];

export interface VerifyOptions {
  /** Only checks of these ids. */
  readonly only?: readonly string[];
  readonly json?: boolean;
  readonly print: (line: string) => void;
}

interface Verdict {
  readonly id: string;
  readonly met: boolean;
  /** What was checked, and what was not as it must be. */
  readonly checks: readonly string[];
  readonly wrong: readonly string[];
}

/** undefined = met, else what was not. */
export async function perform(check: Check): Promise<string | undefined> {
  const bench = new Bench(check.options);
  try {
    await check.run(bench);
    return undefined;
  } catch (error) {
    return error instanceof NotMet ? error.message : `it broke: ${(error as Error).message}`;
  } finally {
    await bench.world.close();
  }
}

/** Exit code: 0 when everything is met. */
export async function runVerify({ only, json, print }: VerifyOptions): Promise<number> {
  const chosen = only === undefined ? checks : checks.filter((c) => c.ids.some((id) => only.includes(id)));
  const unknown = only?.filter((id) => !checks.some((c) => c.ids.includes(id))) ?? [];
  if (unknown.length > 0) throw new RangeError(`no check of ${unknown.join(', ')}`);
  const found = new Map<string, { checks: string[]; wrong: string[] }>();
  for (const check of chosen) {
    const wrong = await perform(check);
    for (const id of check.ids) {
      const entry = found.get(id) ?? { checks: [], wrong: [] };
      entry.checks.push(check.what);
      if (wrong !== undefined) entry.wrong.push(`${check.what}: ${wrong}`);
      found.set(id, entry);
    }
  }
  const verdicts: Verdict[] = [...found]
    .map(([id, entry]) => ({ id, met: entry.wrong.length === 0, ...entry }))
    .filter(({ id }) => only === undefined || only.includes(id))
    .sort((a, b) => order(a.id) - order(b.id));
  if (json) print(JSON.stringify(verdicts, undefined, 2));
  else show(verdicts, print);
  return verdicts.every(({ met }) => met) ? 0 : 1;
}

const KINDS = ['MUST', 'SHLD', 'MAY', 'REC', 'UNTAGGED'];

function order(id: string): number {
  const [kind = '', number] = id.split('-');
  return KINDS.indexOf(kind) * 1000 + Number(number);
}

function show(verdicts: readonly Verdict[], print: (line: string) => void): void {
  for (const { id, met, checks: what, wrong } of verdicts) {
    print(`${met ? 'met    ' : 'NOT MET'}  ${id.padEnd(12)} ${(met ? what : wrong).join('; ')}`);
  }
  const met = verdicts.filter((v) => v.met).length;
  print(`${met} met, ${verdicts.length - met} not met, of RFC 9293 on simulated wires`);
}
