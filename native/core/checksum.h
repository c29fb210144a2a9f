// The Internet checksum (RFC 1071), as a table of kernels: tests and benches run every one the machine supports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace usertcp {

// All sums are 16-bit one's complement sums in memory order, folded, not inverted. RFC 1071 §2(B): such a sum is
// the same on either byte order, so it is stored back without swapping.
struct ChecksumKernel {
  const char* name;
  bool (*supported)();
  std::uint16_t (*sum)(const std::byte* data, std::size_t bytes);
  // The same while copying: one pass instead of two.
  std::uint16_t (*copy)(std::byte* to, const std::byte* from, std::size_t bytes);
};

std::span<const ChecksumKernel> checksum_kernels();

// By name; the best one the machine has when `name` is empty. Null when unknown or not supported here.
const ChecksumKernel* find_checksum_kernel(std::string_view name);

// "scalar, avx2": the names that find_checksum_kernel accepts on this machine.
std::string supported_checksum_names();

inline std::uint16_t fold_sum(std::uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

// A part that begins at an odd offset contributes with its bytes swapped: RFC 1071 §2(B).
inline std::uint32_t sum_at(std::uint16_t sum, std::size_t offset) {
  return offset % 2 == 0 ? sum : __builtin_bswap16(sum);
}

}  // namespace usertcp
