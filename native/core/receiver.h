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
  // `vlan`: the only one whose frames are taken; 0 = those of none.
  Receiver(const ChecksumKernel& checksum, Counters counters, std::uint16_t vlan)
      : checksum_(checksum), counters_(counters), vlan_(vlan) {}

  // Takes at most as many frames as there is room for descriptors; they stay lent until the device's release().
  Burst burst(Device& device, const FlowTable& flows, std::span<Descriptor> out);

 private:
  const ChecksumKernel& checksum_;
  Counters counters_;
  std::uint16_t vlan_;
  Merger merger_;
  std::array<RxFrame, kMaxBurst> frames_;
};

}  // namespace usertcp
