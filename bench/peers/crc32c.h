// CRC-32C (RFC 9260 appendix A): the processor's instruction where it has one, else a table.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_fast(uint32_t crc, const unsigned char *p, size_t n) {
  uint64_t c = ~crc, w;
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
