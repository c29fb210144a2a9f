// The receive rings of a device read as one, oldest frame first.
#pragma once

#include <array>
#include <optional>
#include <span>

#include "frame_queue.h"
#include "rx_ring.h"

namespace usertcp {

// What each is for: PacketDevice. One without slots never has a frame.
enum RingIndex : std::size_t { kSmallRing, kLargeRing, kAsideRing, kNearRing, kHeadRing, kRings };

class RxRings {
 public:
  RxRing& operator[](RingIndex index) { return rings_[index]; }
  const RxRing& operator[](RingIndex index) const { return rings_[index]; }

  // Where the frames are whose heads are in the head ring.
  void queue(const FrameQueue& queue) { queue_ = queue; }

  // Takes what is there; frames that their slot cut short are counted in `truncated` and left out.
  std::size_t receive(std::span<RxFrame> frames, std::uint64_t& truncated);
  bool ready() const;
  // Hands every taken slot back.
  void release();
  // Whether drops wait to be read; true once for each time.
  bool take_losing();

 private:
  bool take_kept(RxRing& ring, const tpacket2_hdr* header, std::size_t room, RxFrame& frame);

  std::array<RxRing, kRings> rings_;
  std::optional<FrameQueue> queue_;
};

}  // namespace usertcp
