/** Who hears Ctrl-C. */
import { readFileSync } from 'node:fs';

/** Behind the name of the program, which may have any characters: state, ppid, pgrp, session, tty_nr, tpgid (proc_pid_stat(5)). */
const PGRP = 2;
const TPGID = 5;

/**
 * Whether this process is in the foreground of a terminal: Ctrl-C there reaches it and what it started by itself. What stdin is does not
 * matter. A SIGINT that somebody sends to this process alone cannot be told from one of the terminal's then.
 */
export function inForeground(stat = (): string => readFileSync('/proc/self/stat', 'latin1')): boolean {
  try {
    const text = stat();
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[PGRP] === fields[TPGID];
  } catch {
    return false; // no procfs: better heard twice than not at all
  }
}
