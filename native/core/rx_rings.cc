#include "rx_rings.h"

#include <algorithm>

namespace usertcp {
namespace {

// tp_sec, tp_nsec
std::uint64_t stamp(const tpacket2_hdr* header) { return std::uint64_t{header->tp_sec} << 32 | header->tp_nsec; }

}  // namespace

std::size_t RxRings::receive(std::span<RxFrame> frames, std::uint64_t& truncated) {
  std::array<const tpacket2_hdr*, kRings> next;
  for (std::size_t i = 0; i < kRings; ++i) next[i] = rings_[i].peek();
  std::size_t count = 0;
  while (count < frames.size()) {
    std::size_t any = 0;
    while (any < kRings && next[any] == nullptr) ++any;
    if (any == kRings) break;
    // The kernel writes frames in the order they came. Having seen (acquired) one, whatever came before it is visible
    // in the other rings now, even if it was not when we looked there a moment ago.
    std::size_t oldest = any;
    for (std::size_t i = 0; i < kRings; ++i) {
      if (next[i] == nullptr) next[i] = rings_[i].peek();
      if (next[i] != nullptr && stamp(next[i]) < stamp(next[oldest])) oldest = i;
    }
    RxRing& ring = rings_[oldest];
    const tpacket2_hdr* header = next[oldest];
    const bool kept = oldest == kHeadRing && (header->tp_status & TP_STATUS_COPY) != 0;
    if (kept && !queue_->has_room(header->tp_len)) break;
    if (kept ? take_kept(ring, header, frames.size() - count, frames[count]) : ring.take(header, frames[count])) {
      ++count;
    } else {
      ++truncated;
    }
    next[oldest] = rings_[oldest].peek();
  }
  return count;
}

// `room`: for how many frames.
bool RxRings::take_kept(RxRing& ring, const tpacket2_hdr* header, std::size_t room, RxFrame& frame) {
  std::array<std::uint32_t, FrameQueue::kMost> lengths;
  const std::uint32_t known = ring.kept(std::span(lengths).first(std::min(room, lengths.size())));
  ring.take(header, frame);
  return queue_->take(std::span(lengths).first(known), frame);
}

bool RxRings::ready() const {
  for (const RxRing& ring : rings_) {
    if (ring.peek() != nullptr) return true;
  }
  return false;
}

void RxRings::release() {
  for (RxRing& ring : rings_) ring.release();
  if (queue_) queue_->release();
}

bool RxRings::take_losing() {
  bool losing = false;
  for (RxRing& ring : rings_) {
    losing = losing || ring.losing();
    ring.clear_losing();
  }
  return losing;
}

}  // namespace usertcp
