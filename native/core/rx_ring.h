// A TPACKET_V2 receive ring: slots of one size that the kernel fills in order. V3 is not used because its block
// timeout holds a lone frame for 1 ms.
#pragma once

#include <linux/if_packet.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "device.h"

namespace usertcp {

struct RingGeometry {
  std::uint32_t slot_bytes;
  std::uint32_t slots;
  std::uint32_t slots_per_block;

  // Rounds the slots up to whole blocks.
  static RingGeometry make(std::uint32_t slot_bytes, std::uint32_t slots, std::uint32_t slots_per_block);
  tpacket_req request() const;
  std::size_t bytes() const { return std::size_t{slot_bytes} * slots; }
};

// Bytes of a slot in front of the frame: the kernel puts its header, a sockaddr_ll and the vnet header there
// (tpacket_rcv in net/packet/af_packet.c).
inline constexpr std::uint32_t kSlotHeadroom =
    TPACKET_ALIGN(TPACKET_ALIGN(sizeof(tpacket2_hdr)) + sizeof(sockaddr_ll) + 16) + kVnetHeader;

class RxRing {
 public:
  RxRing() = default;
  RxRing(std::byte* memory, std::uint32_t offset, RingGeometry geometry)
      : memory_(memory + offset), offset_(offset), geometry_(geometry) {}

  // The header of the next frame, or null. Acquires what the kernel wrote before it handed the slot over.
  const tpacket2_hdr* peek() const {
    if (lent_ == geometry_.slots) return nullptr;
    auto* header = slot(head_);
    return (__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) != 0 ? header : nullptr;
  }
  // Whether `count` frames wait: the kernel fills slots in order, so the last of them tells.
  bool holds(std::uint32_t count) const {
    if (lent_ + count > geometry_.slots) return geometry_.slots > 0;
    const std::uint32_t index = (head_ + count - 1) % geometry_.slots;
    return (__atomic_load_n(&slot(index)->tp_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) != 0;
  }
  // The lengths of frames that wait in a row and are kept by the kernel; how many.
  std::uint32_t kept(std::span<std::uint32_t> lengths) const;
  // Describes the frame peek() showed and moves on; false when the slot had cut it short.
  bool take(const tpacket2_hdr* header, RxFrame& frame);
  // Hands every taken slot back.
  void release();

  // The same memory with the ring of another socket in it.
  void restart() {
    head_ = tail_ = lent_ = 0;
    losing_ = false;
  }

  std::uint32_t slots() const { return geometry_.slots; }
  const RingGeometry& geometry() const { return geometry_; }
  std::uint32_t offset() const { return offset_; }
  // The kernel marks frames while drops are waiting to be read.
  bool losing() const { return losing_; }
  void clear_losing() { losing_ = false; }

 private:
  tpacket2_hdr* slot(std::uint32_t index) const {
    return reinterpret_cast<tpacket2_hdr*>(memory_ + std::size_t{index} * geometry_.slot_bytes);
  }
  std::uint32_t next(std::uint32_t index) const { return index + 1 == geometry_.slots ? 0 : index + 1; }

  std::byte* memory_ = nullptr;
  std::uint32_t offset_ = 0;
  RingGeometry geometry_{};
  std::uint32_t head_ = 0;  // next to take
  std::uint32_t tail_ = 0;  // first taken and not released
  std::uint32_t lent_ = 0;
  bool losing_ = false;
};

}  // namespace usertcp
