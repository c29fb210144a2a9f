export function source(seed: number, total: number): (size?: number) => Buffer | null;
export function digest(seed: number, total: number): string;
