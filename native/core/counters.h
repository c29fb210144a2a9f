// One double per name in COUNTERS of abi.ts; the memory belongs to whoever reads them.
#pragma once

#include "abi.h"

namespace usertcp {

class Counters {
 public:
  explicit Counters(double* values) : values_(values) {}
  void add(Counter counter, double amount = 1) { values_[counter] += amount; }
  void set(Counter counter, double value) { values_[counter] = value; }

 private:
  double* values_;
};

}  // namespace usertcp
