// One stretch of address space. Rings are mapped over parts of it, so that all receive memory has one base address
// and a descriptor needs nothing but an offset.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <span>

#include "result.h"
#include "shared.h"

namespace usertcp {

class Mapping : public Counted {
 public:
  // Addresses only: touching them before something is mapped there is a fault.
  static Result<Shared<Mapping>> reserve(std::size_t bytes) {
    return make(bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
  }
  static Result<Shared<Mapping>> allocate(std::size_t bytes) {
    return make(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() { ::munmap(base_, bytes_); }

  // Lays a file's pages over [offset, offset + bytes).
  Status overlay(std::size_t offset, std::size_t bytes, int fd) {
    void* at = base_ + offset;
    void* got = ::mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0);
    if (got == MAP_FAILED) return Failure{errno, "mmap"};
    return {};
  }
  // Memory of its own for [offset, offset + bytes) of what was reserved.
  Status commit(std::size_t offset, std::size_t bytes) {
    if (::mprotect(base_ + offset, bytes, PROT_READ | PROT_WRITE) != 0) return Failure{errno, "mprotect"};
    return {};
  }
  std::byte* data() const { return base_; }
  std::size_t size() const { return bytes_; }

 private:
  Mapping(std::byte* base, std::size_t bytes) : base_(base), bytes_(bytes) {}
  static Result<Shared<Mapping>> make(std::size_t bytes, int protection, int flags) {
    void* at = ::mmap(nullptr, bytes, protection, flags, -1, 0);
    if (at == MAP_FAILED) return Failure{errno, "mmap"};
    return Shared<Mapping>(new Mapping(static_cast<std::byte*>(at), bytes));
  }

  std::byte* base_;
  std::size_t bytes_;
};

}  // namespace usertcp
