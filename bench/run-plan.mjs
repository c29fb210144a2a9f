// What bench/run.mjs does, from what it was asked; says what could have been asked where that is nothing.

const usual = ['kernel-c', 'node-net', 'ours', 'ours-net'];
const env = (SECS, LAT, ROUNDTRIPS) => ({ SECS, LAT, ROUNDTRIPS });
export const modes = ['on', 'off', 'gro', 'apart'];
/** What is measured when nothing else was asked for; `peers` undefined: all that can be built. */
const plans = {
  quick: { rounds: '1', modes: 'on', peers: usual, idle: '', env: env('0.8', '5000,20000', '4000') },
  smoke: { rounds: '1', modes: 'on,off', peers: usual.slice(1), idle: '', env: env('0.25', '2000', '200') },
  full: { rounds: '5', modes: modes.join(','), idle: '1000,10000', env: env('2', '5000,20000', '6000') },
  usual: { rounds: '3', modes: 'on,off,gro', peers: usual, idle: '10000', env: env('1.2', '5000,20000', '6000') },
};

const listed = (text) => text.split(',').filter(Boolean);

/** A list of names with commas. */
function names(option, text, allowed) {
  const list = listed(text);
  const unknown = list.filter((name) => !allowed.includes(name));
  if (unknown.length > 0 || list.length === 0)
    throw new Error(`--${option} ${text}: ${unknown.join(', ') || 'nothing'} is none of ${allowed.join(', ')}`);
  return list;
}

function counts(option, text) {
  const list = listed(text);
  if (list.length === 0 || !list.every((n) => /^[1-9]\d*$/.test(n)))
    throw new Error(`--${option} ${text}: whole numbers from 1 on, with commas between them where it may be several`);
  return text;
}

/**
 * { rounds, idleRounds, modes, idle, wanted, env }: `idle` and the rounds as run.py wants them, `wanted` the peers. `known`: all peers. Throws an Error
 * that names what may be asked for.
 */
export function planOf(ask, known) {
  const plan = plans[['quick', 'smoke', 'full'].find((name) => ask[name]) ?? 'usual'];
  if (ask.rounds !== undefined && !/^[1-9]\d*$/.test(ask.rounds))
    throw new Error(`--rounds ${ask.rounds}: a whole number from 1 on`);
  // `--idle` alone measures nothing else, and `--modes` alone no idle connections.
  const chosen = ask.modes ?? (ask.idle ? '' : plan.modes);
  const idle = ask.idle ?? (ask.modes ? '' : plan.idle);
  return {
    rounds: ask.rounds ?? plan.rounds,
    // A round of idle connections takes long, and its figure hardly moves: one, unless somebody asks for more.
    idleRounds: ask.rounds ?? '1',
    modes: ask.modes === undefined && chosen === '' ? [] : names('modes', chosen, modes),
    idle: idle === '' ? '' : counts('idle', idle),
    wanted: [
      ...(ask.peers === undefined ? (plan.peers ?? known) : names('peers', ask.peers, known)),
      ...(ask.more === undefined ? [] : names('more', ask.more, known)),
    ],
    env: plan.env,
  };
}
