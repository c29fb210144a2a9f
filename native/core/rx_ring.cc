#include "rx_ring.h"

#include <cstring>

namespace usertcp {

RingGeometry RingGeometry::make(std::uint32_t slot_bytes, std::uint32_t slots, std::uint32_t slots_per_block) {
  const std::uint32_t blocks = (slots + slots_per_block - 1) / slots_per_block;
  return {slot_bytes, blocks * slots_per_block, slots_per_block};
}

tpacket_req RingGeometry::request() const {
  tpacket_req request{};
  request.tp_block_size = slot_bytes * slots_per_block;
  request.tp_block_nr = slots / slots_per_block;
  request.tp_frame_size = slot_bytes;
  request.tp_frame_nr = slots;
  return request;
}

bool RxRing::take(const tpacket2_hdr* header, RxFrame& frame) {
  const auto* bytes = reinterpret_cast<const std::byte*>(header);
  VnetHeader vnet;
  std::memcpy(&vnet, bytes + header->tp_mac - kVnetHeader, sizeof vnet);
  frame.meta.offset = offset_ + head_ * geometry_.slot_bytes + header->tp_mac;
  frame.meta.vnet_flags = vnet.flags;
  frame.meta.gso_size = segment_size(vnet);
  const bool tagged = (header->tp_status & TP_STATUS_VLAN_VALID) != 0;
  // Kernels before 3.14 do not say the type: they knew one.
  const bool typed = (header->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
  frame.meta.tag_type = !tagged ? 0 : typed ? header->tp_vlan_tpid : kTypeVlan;
  frame.meta.tag_tci = tagged ? header->tp_vlan_tci : 0;
  frame.length = header->tp_snaplen;
  losing_ = losing_ || (header->tp_status & TP_STATUS_LOSING) != 0;
  head_ = next(head_);
  ++lent_;
  return header->tp_snaplen == header->tp_len;
}

std::uint32_t RxRing::kept(std::span<std::uint32_t> lengths) const {
  constexpr std::uint32_t kKept = TP_STATUS_USER | TP_STATUS_COPY;
  std::uint32_t count = 0;
  for (std::uint32_t index = head_; count < lengths.size() && lent_ + count < geometry_.slots; index = next(index)) {
    const tpacket2_hdr* header = slot(index);
    if ((__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) & kKept) != kKept) break;
    lengths[count++] = header->tp_len;
  }
  return count;
}

void RxRing::release() {
  for (; lent_ > 0; --lent_, tail_ = next(tail_)) {
    __atomic_store_n(&slot(tail_)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
  }
}

}  // namespace usertcp
