// Something that several own, on any thread; the last one to let go deletes it. (std::shared_ptr counts with the help of
// libstdc++ and of one C library: a binary that has it loads on that one only. ADR 36)
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace usertcp {

// Base of what can be shared.
class Counted {
 private:
  template <class T>
  friend class Shared;
  std::atomic<std::uint32_t> owners_{0};
};

template <class T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T* value) : value_(value) { hold(); }
  Shared(const Shared& other) : value_(other.value_) { hold(); }
  Shared(Shared&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  Shared& operator=(Shared other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Shared() {
    if (value_ != nullptr && value_->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete value_;
  }

  T* operator->() const { return value_; }
  T& operator*() const { return *value_; }

 private:
  void hold() {
    if (value_ != nullptr) value_->owners_.fetch_add(1, std::memory_order_relaxed);
  }

  T* value_ = nullptr;
};

}  // namespace usertcp
