/** Plants the fault named by USERTCP_FAULT into its file as vitest loads it. Without the variable it does nothing. */
import { fileURLToPath } from 'node:url';
import { plant } from './fault.ts';
import { faults } from './list.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Transform {
  readonly name: string;
  readonly enforce: 'pre';
  transform(code: string, id: string): { code: string; map: null } | undefined;
}

export function plantedFault(name: string | undefined): Transform[] {
  if (name === undefined || name === '') return [];
  const fault = faults.find((f) => f.name === name);
  if (fault === undefined) throw new Error(`USERTCP_FAULT names no fault: ${name}`);
  const file = root + fault.file;
  return [
    {
      name: 'usertcp:fault',
      enforce: 'pre',
      transform: (code, id) => (id.split('?')[0] === file ? { code: plant(fault, code), map: null } : undefined),
    },
  ];
}
