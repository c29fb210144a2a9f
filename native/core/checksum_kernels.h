// What the kernels share: the remainder that is too short for a vector.
#pragma once

#include <cstring>

#include "checksum.h"

namespace usertcp {

// Adds up to a whole number of 64-bit words, then 4, 2 and 1 bytes; end-around carry as RFC 1071 §2(C).
template <bool kCopy>
inline std::uint64_t sum_words(std::uint64_t sum, std::byte* to, const std::byte* from, std::size_t bytes) {
  const auto add = [&sum](std::uint64_t word) {
    sum += word;
    sum += sum < word;
  };
  const auto take = [&]<class Word>(Word) {
    Word word;
    std::memcpy(&word, from, sizeof word);
    if constexpr (kCopy) {
      std::memcpy(to, &word, sizeof word);
      to += sizeof word;
    }
    from += sizeof word;
    bytes -= sizeof word;
    add(word);
  };
  while (bytes >= 8) take(std::uint64_t{});
  if (bytes >= 4) take(std::uint32_t{});
  if (bytes >= 2) take(std::uint16_t{});
  if (bytes == 1) {
    // The missing last byte counts as zero: it stands first in memory, whatever the byte order.
    std::uint16_t word = 0;
    std::memcpy(&word, from, 1);
    if constexpr (kCopy) *to = *from;
    add(word);
  }
  return sum;
}

#if defined(__x86_64__)
bool avx2_supported();
std::uint16_t avx2_sum(const std::byte* data, std::size_t bytes);
std::uint16_t avx2_copy(std::byte* to, const std::byte* from, std::size_t bytes);
#endif
#if defined(__aarch64__)
bool neon_supported();
std::uint16_t neon_sum(const std::byte* data, std::size_t bytes);
std::uint16_t neon_copy(std::byte* to, const std::byte* from, std::size_t bytes);
#endif

}  // namespace usertcp
