// The receive rings of a device read as one, oldest frame first.
#pragma once

#include <array>
#include <span>

#include "rx_ring.h"

namespace usertcp {

// What each is for: PacketDevice. One without slots never has a frame.
enum RingIndex : std::size_t { kSmallRing, kLargeRing, kAsideRing, kNearRing, kRings };

class RxRings {
 public:
  RxRing& operator[](RingIndex index) { return rings_[index]; }
  const RxRing& operator[](RingIndex index) const { return rings_[index]; }

  // Takes what is there; frames that their slot cut short are counted in `truncated` and left out.
  std::size_t receive(std::span<RxFrame> frames, std::uint64_t& truncated);
  bool ready() const;
  // Hands every taken slot back.
  void release();
  // Whether drops wait to be read; true once for each time.
  bool take_losing();

 private:
  std::array<RxRing, kRings> rings_;
};

}  // namespace usertcp
