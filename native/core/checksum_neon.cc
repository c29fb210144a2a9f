#include "checksum_kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

namespace usertcp {
namespace {

// vpadal adds pairs of 32-bit words into 64-bit lanes, so no carry is lost.
template <bool kCopy>
std::uint16_t run(std::byte* to, const std::byte* from, std::size_t bytes) {
  uint64x2_t sum0 = vdupq_n_u64(0), sum1 = sum0;
  for (; bytes >= 32; bytes -= 32, from += 32) {
    const uint8x16_t a = vld1q_u8(reinterpret_cast<const std::uint8_t*>(from));
    const uint8x16_t b = vld1q_u8(reinterpret_cast<const std::uint8_t*>(from + 16));
    if constexpr (kCopy) {
      vst1q_u8(reinterpret_cast<std::uint8_t*>(to), a);
      vst1q_u8(reinterpret_cast<std::uint8_t*>(to + 16), b);
      to += 32;
    }
    sum0 = vpadalq_u32(sum0, vreinterpretq_u32_u8(a));
    sum1 = vpadalq_u32(sum1, vreinterpretq_u32_u8(b));
  }
  return fold_sum(sum_words<kCopy>(vaddvq_u64(vaddq_u64(sum0, sum1)), to, from, bytes));
}

}  // namespace

// Advanced SIMD is part of every AArch64 application processor.
bool neon_supported() { return true; }
std::uint16_t neon_sum(const std::byte* data, std::size_t bytes) { return run<false>(nullptr, data, bytes); }
std::uint16_t neon_copy(std::byte* to, const std::byte* from, std::size_t bytes) { return run<true>(to, from, bytes); }

}  // namespace usertcp
#endif
