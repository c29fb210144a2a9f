/** What a handle notes of itself in one word: there is one for each socket of the process. */

/** Accepted on `::`, where IPv4 peers are shown as mapped addresses. */
export const MAPPED = 1;
/** `ref()`: the process is to live on while something is under way. */
export const WANTS_REF = 2;
/** The connection keeps the process alive now. */
export const HELD = 4;
export const CLOSED = 8;
/** Node asked for our FIN. */
export const ENDING = 16;
/** Node reads. */
export const FLOWING = 32;
/** The peer's end was told. */
export const ENDED = 64;
/** Closed by Node for the next attempt of the same connect; goes on behind it. */
export const RACING = 128;
/** Bytes are being handed to C++. */
export const HANDING = 256;
/** Reading was begun again in the middle of that. */
export const RESUMES = 512;
/** HTTP/2 in clear text: its preface was the first that came or went. */
export const HTTP2 = 1024;
