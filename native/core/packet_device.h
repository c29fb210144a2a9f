// A network interface through AF_PACKET: receive rings for small frames and for super-frames, and a socket to send.
#pragma once

#include <optional>

#include "ack_sender.h"
#include "device.h"
#include "interface.h"
#include "packet_socket.h"
#include "rx_rings.h"

namespace usertcp {

struct PacketOptions {
  std::string name;
  // A ring counts slots and not bytes, hence two: a burst of small frames must not use up the large slots.
  std::uint32_t small_slots = 8192;
  std::uint32_t large_slots = 256;
  // Not 0, and fewer than the small ones: small frames go to a ring of so many slots first, which stays in the cache, and
  // to the small ring when that is full (ADR 48). Only with sockets of our own, and where nobody shares the address.
  std::uint32_t near_slots = 1024;
  // Not 0: the address is shared with other stacks. Both rings then get the frames that are steered here (join_group), and
  // a third one of so many slots, for frames of any size, what is steered to nobody.
  std::uint32_t aside_slots = 0;
  // An address the host does not own; the interface then becomes promiscuous.
  std::optional<MacAddress> mac;
  // Leaves cutting to the kernel where the device has no TSO: measured on a veth, that is twice as fast as cutting here.
  // A path that refuses such a frame is noticed when it does (Transmitter).
  bool kernel_cuts = true;
  // Sockets of somebody with the right to open them: small frames, large frames, and one to send, without which the
  // first one sends. Empty: we open them.
  std::vector<int> fds = {};

  // One address for several stacks means groups, and a socket is in one at the most.
  bool wants_near() const { return near_slots > 0 && near_slots < small_slots && aside_slots == 0 && fds.empty(); }
};

class PacketDevice final : public Device {
 public:
  static Result<std::unique_ptr<PacketDevice>> open(const PacketOptions& options);

  std::size_t receive(std::span<RxFrame> frames) override;
  void release() override;
  bool ready() override;
  bool plenty() override;
  int send(mmsghdr* messages, unsigned count) override;
  bool wants_aside() override;
  bool send_aside(const mmsghdr* messages, unsigned count) override;
  void wait_writable(int milliseconds) override;
  Status set_filter(const Filter& filter) override;
  Status reopen() override;
  int take_error() override;
  bool changed() const override { return interface_changed(small_socket_.fd(), facts_); }
  // The sockets join the groups of small and of large frames; -1: new ones. Gives their numbers.
  Result<std::array<int, 2>> join_groups_of_stacks(std::array<int, 2> groups) override;
  Status steer(std::span<const sock_filter> program) override;

  bool read_long(bool on) override;
  std::vector<int> poll_fds() const override;
  int near_refused() const override { return near_refused_; }
  const MacAddress& mac() const override { return own_mac_ ? *own_mac_ : facts_.mac; }
  unsigned mtu() const override { return facts_.mtu; }
  int index() const override { return facts_.index; }
  const std::string& name() const override { return facts_.name; }
  Offload offload() const override { return {facts_.offload.checksum, facts_.offload.segmentation || kernel_cuts_}; }
  std::size_t capacity() const override;
  const Shared<Mapping>& memory() const override { return memory_; }

 private:
  static constexpr std::uint32_t kSmallSlot = 2048;
  static constexpr std::uint32_t kSmallFrameMax = kSmallSlot - kSlotHeadroom;
  // 64 KB of IP, Ethernet with a VLAN tag and the kernel's headers; 17 pages.
  static constexpr std::uint32_t kLargeSlot = 68 * 1024;
  // Merged, that many segments of MTU size make a super-segment of 23 KB.
  static constexpr std::uint32_t kPlenty = 16;
  // Eight bursts, and a quarter of the near ring: there is room for what comes while the thread wakes.
  static constexpr std::uint32_t kBehind = 256;

  PacketDevice(PacketSocket small, PacketSocket large, std::optional<PacketSocket> sender)
      : small_socket_(std::move(small)), large_socket_(std::move(large)), own_sender_(std::move(sender)) {}
  static Result<std::vector<PacketSocket>> open_sockets(const std::vector<int>& fds);
  static Result<std::unique_ptr<PacketDevice>> open_without_near(std::unique_ptr<PacketDevice> first,
                                                                 PacketOptions options, int error);
  PacketSocket& sender() { return own_sender_ ? *own_sender_ : small_socket_; }
  Status map_rings(const PacketOptions& options);
  Status bind_all();
  Status join_near();
  Status leave_near();
  Status join_groups();
  Status open_long(const PacketOptions& options);
  Status map_queue(std::size_t at);
  Status filter_long(const Filter& filter);
  void count_drops();

  PacketSocket small_socket_;
  PacketSocket large_socket_;
  std::optional<PacketSocket> own_sender_;
  std::optional<PacketSocket> aside_socket_;
  std::optional<PacketSocket> near_socket_;
  // In place of the large one, for a while: its frames are read when they are handled.
  std::optional<PacketSocket> long_socket_;
  bool reads_long_ = false;
  // Takes the place of the small socket when the interface was made anew: a socket of a group cannot be bound again.
  std::optional<PacketSocket> spare_;
  RxRings rings_;
  Shared<Mapping> memory_;
  InterfaceFacts facts_;
  std::optional<MacAddress> own_mac_;
  bool kernel_cuts_ = true;
  Filter filter_;
  std::vector<MacAddress> groups_;
  int bound_index_ = 0;
  int near_refused_ = 0;
  // Made when it is needed first; sends by the sender's socket.
  std::unique_ptr<AckSender> ack_sender_;
  bool wants_ack_sender_ = true;
};

}  // namespace usertcp
