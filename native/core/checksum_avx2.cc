#include "checksum_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace usertcp {
namespace {

// 32-bit halves are added in 64-bit lanes: 2^32 blocks fit before a lane can overflow, so no carry is lost.
template <bool kCopy>
__attribute__((target("avx2"))) std::uint16_t run(std::byte* to, const std::byte* from, std::size_t bytes) {
  std::uint64_t total = 0;
  if (bytes >= 64) {
    const __m256i low_half = _mm256_set1_epi64x(0xffffffff);
    __m256i low0 = _mm256_setzero_si256(), high0 = low0, low1 = low0, high1 = low0;
    do {
      const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
      const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + 32));
      if constexpr (kCopy) {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), a);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 32), b);
        to += 64;
      }
      low0 = _mm256_add_epi64(low0, _mm256_and_si256(a, low_half));
      high0 = _mm256_add_epi64(high0, _mm256_srli_epi64(a, 32));
      low1 = _mm256_add_epi64(low1, _mm256_and_si256(b, low_half));
      high1 = _mm256_add_epi64(high1, _mm256_srli_epi64(b, 32));
      from += 64;
      bytes -= 64;
    } while (bytes >= 64);
    alignas(32) std::uint64_t lane[4];
    const __m256i sum = _mm256_add_epi64(_mm256_add_epi64(low0, low1), _mm256_add_epi64(high0, high1));
    _mm256_store_si256(reinterpret_cast<__m256i*>(lane), sum);
    total = lane[0] + lane[1] + lane[2] + lane[3];
  }
  return fold_sum(sum_words<kCopy>(total, to, from, bytes));
}

}  // namespace

bool avx2_supported() { return __builtin_cpu_supports("avx2"); }
std::uint16_t avx2_sum(const std::byte* data, std::size_t bytes) { return run<false>(nullptr, data, bytes); }
std::uint16_t avx2_copy(std::byte* to, const std::byte* from, std::size_t bytes) { return run<true>(to, from, bytes); }

}  // namespace usertcp
#endif
