// CRC-32C (RFC 9260 appendix A): the processor's instruction where it has one, else a table.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
// The instruction takes three cycles and may begin anew in each: three lanes at once. A lane's CRC moves over the bytes
// behind it by a table, since the register after n zero bytes is linear in the register before.
enum { LANE = 2048 };
static uint32_t lane[4][256];
static inline uint32_t over(uint32_t c) { return lane[0][c & 255] ^ lane[1][c >> 8 & 255] ^ lane[2][c >> 16 & 255] ^ lane[3][c >> 24]; }
__attribute__((target("sse4.2"), constructor)) static void crc32c_tables(void) {
  if (!__builtin_cpu_supports("sse4.2")) return;
  for (int bit = 0; bit < 32; bit++) {
    uint64_t c = 1u << bit;
    for (int i = 0; i < LANE; i += 8) c = __builtin_ia32_crc32di(c, 0);
    for (int v = 0; v < 256; v++) if (v >> (bit & 7) & 1) lane[bit >> 3][v] ^= (uint32_t)c;
  }
}
__attribute__((target("sse4.2"))) static uint32_t crc32c_fast(uint32_t crc, const unsigned char *p, size_t n) {
  uint64_t c = (uint32_t)~crc, w;
  for (; n >= 3 * LANE; p += 3 * LANE, n -= 3 * LANE) {
    uint64_t d = 0, e = 0, x, y;
    for (int i = 0; i < LANE; i += 8) {
      memcpy(&w, p + i, 8); memcpy(&x, p + LANE + i, 8); memcpy(&y, p + 2 * LANE + i, 8);
      c = __builtin_ia32_crc32di(c, w); d = __builtin_ia32_crc32di(d, x); e = __builtin_ia32_crc32di(e, y);
    }
    c = over(over((uint32_t)c) ^ (uint32_t)d) ^ (uint32_t)e;
  }
  for (; n >= 8; p += 8, n -= 8) { memcpy(&w, p, 8); c = __builtin_ia32_crc32di(c, w); }
  uint32_t d = (uint32_t)c;
  while (n--) d = __builtin_ia32_crc32qi(d, *p++);
  return ~d;
}
#endif
static uint32_t crc32c_slow(uint32_t crc, const unsigned char *p, size_t n) {
  static uint32_t t[256];
  if (!t[1]) for (uint32_t i = 0; i < 256; i++) { uint32_t c = i; for (int k = 0; k < 8; k++) c = c >> 1 ^ (c & 1 ? 0x82f63b78 : 0); t[i] = c; }
  crc = ~crc;
  while (n--) crc = crc >> 8 ^ t[(crc ^ *p++) & 255];
  return ~crc;
}
static uint32_t crc32c(uint32_t crc, const void *p, size_t n) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return crc32c_fast(crc, p, n);
#endif
  return crc32c_slow(crc, p, n);
}
