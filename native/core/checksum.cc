#include "checksum.h"

#include "checksum_kernels.h"

namespace usertcp {
namespace {

bool always() { return true; }

std::uint16_t scalar_sum(const std::byte* data, std::size_t bytes) {
  return fold_sum(sum_words<false>(0, nullptr, data, bytes));
}
std::uint16_t scalar_copy(std::byte* to, const std::byte* from, std::size_t bytes) {
  return fold_sum(sum_words<true>(0, to, from, bytes));
}

// Best last.
constexpr ChecksumKernel kKernels[] = {
    {"scalar", always, scalar_sum, scalar_copy},
#if defined(__x86_64__)
    {"avx2", avx2_supported, avx2_sum, avx2_copy},
#endif
#if defined(__aarch64__)
    {"neon", neon_supported, neon_sum, neon_copy},
#endif
};

}  // namespace

std::span<const ChecksumKernel> checksum_kernels() { return kKernels; }

const ChecksumKernel* find_checksum_kernel(std::string_view name) {
  const ChecksumKernel* best = nullptr;
  for (const ChecksumKernel& kernel : kKernels) {
    if ((name.empty() || name == kernel.name) && kernel.supported()) best = &kernel;
  }
  return best;
}

std::string supported_checksum_names() {
  std::string names;
  for (const ChecksumKernel& kernel : kKernels) {
    if (!kernel.supported()) continue;
    if (!names.empty()) names += ", ";
    names += kernel.name;
  }
  return names;
}

}  // namespace usertcp
