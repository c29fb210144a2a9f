// One AF_PACKET socket: options, filter, binding. Knows nothing of rings' contents.
#pragma once

#include <linux/filter.h>
#include <linux/if_packet.h>

#include <array>
#include <cstdint>
#include <span>

#include "result.h"
#include "unique_fd.h"

namespace usertcp {

class PacketSocket {
 public:
  // Bound to nothing: receives nothing until bind().
  static Result<PacketSocket> open();
  // A socket that somebody else opened, however bound; a ring of its last owner is given back. It is ours, to be closed,
  // unless this fails.
  static Result<PacketSocket> adopt(int fd);

  // Must come before the ring: the kernel answers EBUSY afterwards.
  Status enable_vnet_header();
  Status make_ring(const tpacket_req& request);
  Status attach_filter(std::span<const sock_filter> program);
  // `protocol` in host order: ETH_P_ALL to receive, 0 to only send.
  Status bind(int interface_index, std::uint16_t protocol);
  // What it is bound to; -1 when that is gone.
  int interface_index() const;
  // Of the bound sockets of a group each frame reaches one, which a program chooses (PACKET_FANOUT_CBPF): the first without
  // one. `group` -1: a new group with a number that nobody has. Returns the number. Cannot be left but by closing.
  // `rolls_over`: a frame that the chosen one has no room for goes to another.
  Result<int> join_group(int group, bool rolls_over = false);
  // For the whole group.
  Status steer_group(std::span<const sock_filter> program);
  Status set_send_buffer(int bytes);
  // Frames that do not fit their slot are kept whole, to be read, as long as they are less than `bytes` together. False where
  // that is not to be had.
  bool keep_long_frames(int bytes);
  // PACKET_MR_PROMISC, or PACKET_MR_MULTICAST with a group.
  Status join(int interface_index, std::uint16_t type, std::span<const std::uint8_t, 6> address);
  Status leave(int interface_index, std::uint16_t type, std::span<const std::uint8_t, 6> address);

  // Frames the ring had no room for since the last call.
  std::uint32_t take_drops();
  // SO_ERROR: clears it.
  int take_error();
  int fd() const { return fd_.get(); }
  // Takes the place of this one under its descriptor, which others may have noted.
  Status replace_with(PacketSocket other);
  // For somebody who has not the right to open one.
  int release() { return fd_.release(); }

 private:
  explicit PacketSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  Status set(int level, int option, const void* value, std::size_t bytes, const char* operation);

  UniqueFd fd_;
};

}  // namespace usertcp
