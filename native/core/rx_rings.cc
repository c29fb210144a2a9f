#include "rx_rings.h"

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
    if (rings_[oldest].take(next[oldest], frames[count])) {
      ++count;
    } else {
      ++truncated;
    }
    next[oldest] = rings_[oldest].peek();
  }
  return count;
}

bool RxRings::ready() const {
  for (const RxRing& ring : rings_) {
    if (ring.peek() != nullptr) return true;
  }
  return false;
}

void RxRings::release() {
  for (RxRing& ring : rings_) ring.release();
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
