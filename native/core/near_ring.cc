// A near ring in front of the small one (ADR 48).
#include <net/ethernet.h>

#include "packet_device.h"

namespace usertcp {

// After the first bind_all. The near socket is the group's first: frames go to the small one only when it has no room.
Status PacketDevice::join_near() {
  if (Status s = near_socket_->bind(facts_.index, ETH_P_ALL)) return s;
  Result<int> group = near_socket_->join_group(-1, true);
  if (!group) return group.failure();
  Result<int> joined = small_socket_.join_group(*group, true);
  if (!joined) return joined.failure();
  return {};
}

// It is for speed alone: without it as on a kernel that never had one. The first device's sockets and memory go before the
// second one's come.
Result<std::unique_ptr<PacketDevice>> PacketDevice::open_without_near(std::unique_ptr<PacketDevice> first,
                                                                      PacketOptions options, int error) {
  first.reset();
  options.near_slots = 0;
  Result<std::unique_ptr<PacketDevice>> second = open(options);
  if (second) (*second)->near_refused_ = error;
  return second;
}

bool PacketDevice::wants_aside() {
  if (ack_sender_) aside_lost += ack_sender_->take_lost();
  return rings_[kNearRing].holds(kBehind) || rings_[kSmallRing].holds(kBehind);
}

bool PacketDevice::send_aside(const mmsghdr* messages, unsigned count) {
  if (wants_ack_sender_) ack_sender_ = AckSender::start(sender().fd());
  wants_ack_sender_ = false;
  return ack_sender_ && ack_sender_->post(messages, count);
}

}  // namespace usertcp
