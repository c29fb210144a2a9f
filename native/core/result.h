// What went wrong, in the words of the system: JavaScript turns it into an error with code and syscall.
#pragma once

#include <optional>
#include <utility>

namespace usertcp {

struct Failure {
  int error = 0;
  const char* operation = "";
};

// Empty on success.
using Status = std::optional<Failure>;

template <class T>
class Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Failure failure) : failure_(failure) {}
  explicit operator bool() const { return value_.has_value(); }
  T& operator*() { return *value_; }
  T* operator->() { return &*value_; }
  const Failure& failure() const { return failure_; }

 private:
  std::optional<T> value_;
  Failure failure_;
};

}  // namespace usertcp
