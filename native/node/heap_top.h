// What is free at the top of the C library's heap.
#pragma once

#include <cstddef>
#include <cstdlib>

namespace usertcp {

// glibc gives it back to the kernel as soon as 128 KB are free, and each page is faulted in anew a moment later. What a TLS server answers
// lies there, copied by Node and freed when we have taken it: a megabyte for each answer, at half the speed, in those processes where
// nothing else happens to lie above. glibc raises the bound by itself, to twice the largest mapped block that was ever freed; so one is
// freed here, untouched. To other C libraries that is nothing. docs/performance.md, "The top of the heap".
inline void keep_top_of_heap() {
  constexpr std::size_t kMapped = 16u << 20;
  void* volatile block = std::malloc(kMapped);
  std::free(block);
}

}  // namespace usertcp
