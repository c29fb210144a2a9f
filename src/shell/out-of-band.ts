/** Octets that came out of band and wait for somebody to take them: one of each connection, and few connections ever have one. */

const waiting = new WeakMap<object, number>();

/** [RFC 6093 §3.1] There is room for one octet: what nobody took is lost to the next. */
export function keep(conn: object, octet: number): void {
  waiting.set(conn, octet);
}

export function take(conn: object): number | undefined {
  const octet = waiting.get(conn);
  waiting.delete(conn);
  return octet;
}
