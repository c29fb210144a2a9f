// A burst: frames of a device become receive descriptors.
#pragma once

#include <array>
#include <span>

#include "counters.h"
#include "device.h"
#include "flow_table.h"
#include "gro.h"

namespace usertcp {

struct Burst {
  std::uint32_t frames = 0;
  std::uint32_t descriptors = 0;
  std::size_t bytes = 0;
};

class Receiver {
 public:
  Receiver(const ChecksumKernel& checksum, Counters counters) : checksum_(checksum), counters_(counters) {}

  // Takes at most as many frames as there is room for descriptors; they stay lent until the device's release().
  Burst burst(Device& device, const FlowTable& flows, std::span<Descriptor> out);

 private:
  const ChecksumKernel& checksum_;
  Counters counters_;
  Merger merger_;
  std::array<RxFrame, kMaxBurst> frames_;
};

}  // namespace usertcp
