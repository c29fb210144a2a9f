#include "tx_batch.h"

#include <cstring>

namespace usertcp {

void TxBatch::clear() {
  count_ = iov_count_ = 0;
  has_gso_ = false;
}

std::byte* TxBatch::begin(std::uint32_t owner, const VnetHeader& vnet) {
  std::byte* frame = slots_[count_].bytes + kFrameAt;
  std::memcpy(frame - kVnetHeader, &vnet, kVnetHeader);
  owner_[count_] = owner;
  gso_[count_] = vnet.gso_type != kVnetGsoNone;
  has_gso_ = has_gso_ || gso_[count_];
  bytes_[count_] = 0;
  messages_[count_] = {};
  messages_[count_].msg_hdr.msg_iov = &iovecs_[iov_count_];
  ++count_;
  return frame;
}

void TxBatch::set_header(std::size_t bytes) {
  std::byte* frame = slots_[count_ - 1].bytes + kFrameAt;
  iovecs_[iov_count_++] = {frame - kVnetHeader, bytes + kVnetHeader};
  messages_[count_ - 1].msg_hdr.msg_iovlen = 1;
  bytes_[count_ - 1] = static_cast<std::uint32_t>(bytes);
}

void TxBatch::add(std::span<const std::byte> payload) {
  iovecs_[iov_count_++] = {const_cast<std::byte*>(payload.data()), payload.size()};
  ++messages_[count_ - 1].msg_hdr.msg_iovlen;
  bytes_[count_ - 1] += static_cast<std::uint32_t>(payload.size());
}

std::size_t TxBatch::bytes(std::uint32_t first, std::uint32_t count) const {
  std::size_t total = 0;
  for (std::uint32_t i = first; i < first + count; ++i) total += bytes_[i];
  return total;
}

}  // namespace usertcp
