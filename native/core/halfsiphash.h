// HalfSipHash-c-d over whole 32-bit words (Aumasson and Bernstein, "SipHash: a fast short-input PRF", the 32-bit
// variant of the reference implementation with a 32-bit result). A keyed hash, because whoever can choose ports could
// otherwise choose collisions.
#pragma once

#include <bit>
#include <cstdint>
#include <span>

namespace usertcp {

template <int kCompress, int kFinalize>
inline std::uint32_t half_siphash(std::uint32_t k0, std::uint32_t k1, std::span<const std::int32_t> words) {
  std::uint32_t v0 = k0, v1 = k1, v2 = 0x6c796765 ^ k0, v3 = 0x74656462 ^ k1;
  const auto rounds = [&](int count) {
    while (count-- > 0) {
      v0 += v1;
      v1 = std::rotl(v1, 5) ^ v0;
      v0 = std::rotl(v0, 16);
      v2 += v3;
      v3 = std::rotl(v3, 8) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 7) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 13) ^ v2;
      v2 = std::rotl(v2, 16);
    }
  };
  const auto absorb = [&](std::uint32_t word) {
    v3 ^= word;
    rounds(kCompress);
    v0 ^= word;
  };
  for (const std::int32_t word : words) absorb(static_cast<std::uint32_t>(word));
  absorb(static_cast<std::uint32_t>(words.size() * 4) << 24);
  v2 ^= 0xff;
  rounds(kFinalize);
  return v1 ^ v3;
}

}  // namespace usertcp
