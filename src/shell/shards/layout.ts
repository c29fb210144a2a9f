/** Where what is where in the memory that the stacks of one address share: words. */
import { PORT_WORDS } from '../../core/share.ts';
import { BERTHS, BUCKET_WORDS, BUCKETS } from '../../wire/bucket.ts';
import { BERTHS_WORDS } from './berths.ts';

/** How many stacks there may be. */
export const MOST_SHARDS = 64;
export const SECRET_WORDS = 8;

/** Who holds the lock, and whether what he works on is saved (lock.ts). */
export const LOCK = 0;
export const SAVED = 1;
/** Who speaks for the address, and whose fence stands: index + 1. */
export const SPEAKER = 2;
export const READY = 3;
export const SECRET = 16;
/** Plan that each shard lives by. */
export const FOLLOWED = SECRET + SECRET_WORDS;
/** Descriptors of the sockets that each shard has in the groups, two of each (sockets.ts). */
export const SOCKETS = FOLLOWED + MOST_SHARDS;
/** Thread that has each index, and those that started it (seats.ts), so many words each. */
export const SEAT_WORDS = 4;
export const SEATS = SOCKETS + 2 * MOST_SHARDS;

/** From here on everything is written under the lock, and is undone when its holder ends before he is through. */
export const GUARDED = SEATS + MOST_SHARDS * SEAT_WORDS;
/** Number of the plan, and of the plan that the kernel follows. */
export const EPOCH = GUARDED;
export const STEERED = EPOCH + 1;
export const MEMBERS = STEERED + 1;
/** Numbers of the groups of sockets, + 1. */
export const SMALL = MEMBERS + 1;
export const LARGE = SMALL + 1;
export const BIRTHS = LARGE + 1;
/** Counts changes of the order of sockets; and the one that the kernel's program knows. */
export const ORDERED = BIRTHS + 1;
export const ORDER_STEERED = ORDERED + 1;
/** Shard at each position of the groups. */
export const ORDER = ORDER_STEERED + 1;
export const STATE = ORDER + MOST_SHARDS;
/** States. */
export const ABSENT = 0;
export const JOINED = 1;
/** Ends what it has; nothing new comes. */
export const LEAVING = 2;
/** Ended while it joined: it has a place in the groups and nothing else. */
export const LOST = 3;
export const PREPARED = STATE + MOST_SHARDS;
export const BIRTH = PREPARED + MOST_SHARDS;
/** Shard of each bucket: as planned, and as steered; and the ports of the berths as steered. */
export const PLAN = BIRTH + MOST_SHARDS;
export const LIVE = PLAN + BUCKETS;
export const LIVE_PORTS = LIVE + BUCKETS;
/** Of each shard: buckets of others of which it has connections. */
export const KEPT = LIVE_PORTS + BERTHS;
/** Ports that some of them listen on. */
export const PLACES = KEPT + MOST_SHARDS * BUCKET_WORDS;
/** As the guarded words were when the lock was taken. */
export const COPY = PLACES + BERTHS_WORDS;

/** Of each shard: local ports of its connections in buckets of others. */
export const LEFT_PORTS = COPY + (COPY - GUARDED);
export const WORDS = LEFT_PORTS + MOST_SHARDS * PORT_WORDS;
