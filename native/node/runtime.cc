// What the compiler takes from libstdc++ for code like ours: memory, and ends for what cannot happen. With these the
// addon needs the C library only, and one file loads on glibc and musl (ADR 36). Nothing here is visible from outside.
#include <cstddef>
#include <cstdlib>
#include <new>

#pragma GCC visibility push(hidden)

namespace {

// As operator new without exceptions must: there is nobody who could catch one.
void* allocate(std::size_t bytes) {
  void* at = std::malloc(bytes > 0 ? bytes : 1);
  if (at == nullptr) std::abort();
  return at;
}

void* allocate(std::size_t bytes, std::align_val_t alignment) {
  const auto unit = static_cast<std::size_t>(alignment);
  void* at = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit);
  if (at == nullptr) std::abort();
  return at;
}

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes); }
void* operator new[](std::size_t bytes) { return allocate(bytes); }
void* operator new(std::size_t bytes, std::align_val_t alignment) { return allocate(bytes, alignment); }
void operator delete(void* at) noexcept { std::free(at); }
void operator delete[](void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }
void operator delete[](void* at, std::size_t) noexcept { std::free(at); }
void operator delete(void* at, std::align_val_t) noexcept { std::free(at); }
void operator delete(void* at, std::size_t, std::align_val_t) noexcept { std::free(at); }

extern "C" void __cxa_pure_virtual() { std::abort(); }

// The headers of node-addon-api and of the library call these where a size is beyond any memory.
namespace std {
void __throw_bad_alloc() { abort(); }
void __throw_bad_array_new_length() { abort(); }
void __throw_length_error(const char*) { abort(); }
void __throw_logic_error(const char*) { abort(); }
}  // namespace std

#pragma GCC visibility pop
