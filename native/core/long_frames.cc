// Long frames that we read when we handle them, instead of a ring that they were copied to before (ADR 55).
#include "packet_device.h"

namespace usertcp {

// Only with sockets of our own, and where nobody shares the address. Without CAP_NET_ADMIN the kernel does not keep enough.
Status PacketDevice::open_long(const PacketOptions& options) {
  if (!options.fds.empty() || options.aside_slots > 0) return {};
  Result<PacketSocket> opened = PacketSocket::open();
  if (!opened) return opened.failure();
  // As much as the large ring holds.
  const std::size_t bytes = std::size_t{options.large_slots} * kLargeSlot;
  if (opened->keep_long_frames(static_cast<int>(bytes))) long_socket_ = std::move(*opened);
  return {};
}

Status PacketDevice::map_queue(std::size_t at) {
  if (Status s = memory_->commit(at, FrameQueue::kBytes)) return s;
  rings_.queue(FrameQueue(long_socket_->fd(), memory_->data(), static_cast<std::uint32_t>(at)));
  return {};
}

// First the one that lets them in, so that none is lost: one between the two is there twice.
Status PacketDevice::filter_long(const Filter& filter) {
  PacketSocket& taker = reads_long_ ? *long_socket_ : large_socket_;
  if (Status s = taker.attach_filter(make_filter_program(filter, {.at_least = kSmallFrameMax + 1}))) return s;
  if (!long_socket_) return {};
  return (reads_long_ ? large_socket_ : *long_socket_).attach_filter(make_closed_program());
}

bool PacketDevice::read_long(bool on) {
  if (!long_socket_) return false;
  reads_long_ = on;
  return !filter_long(filter_);
}

}  // namespace usertcp
