#include "packet_device.h"

#include <net/ethernet.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "multicast.h"

namespace usertcp {
namespace {

// For the head of a long frame.
constexpr std::uint32_t kHeadSlot = 256;
constexpr std::uint32_t kHeadsPerBlock = 64;
// The kernel allocates blocks as powers of two pages: both fill 1 MB (the large ones but for one page).
constexpr std::uint32_t kSmallPerBlock = 512;
constexpr std::uint32_t kLargePerBlock = 15;
constexpr int kSendBuffer = 16 << 20;
// Of PacketOptions::fds.
constexpr std::size_t kSmall = 0, kLarge = 1, kSender = 2;
constexpr std::size_t kTcpIpHeaders = 40;
// A sender that fills a window makes super-frames of up to 64 KB, but small ones take a slot as well.
constexpr std::size_t kUsualSuperFrame = 16384;

Status open_one(std::optional<PacketSocket>& into) {
  Result<PacketSocket> opened = PacketSocket::open();
  if (!opened) return opened.failure();
  into = std::move(*opened);
  return {};
}

// Everything that must come before the socket is bound; its filter lets nothing pass yet.
Status prepare(PacketSocket& socket, const RingGeometry& geometry) {
  if (Status s = socket.enable_vnet_header()) return s;
  if (Status s = socket.attach_filter(make_closed_program())) return s;
  return socket.make_ring(geometry.request());
}

}  // namespace

Result<std::unique_ptr<PacketDevice>> PacketDevice::open(const PacketOptions& options) {
  // Before the small one: when an interface comes up again the kernel puts sockets back into their group by age.
  std::optional<PacketSocket> near;
  if (options.wants_near()) {
    if (Status s = open_one(near)) return *s;
  }
  Result<std::vector<PacketSocket>> sockets = open_sockets(options.fds);
  if (!sockets) return sockets.failure();
  std::optional<PacketSocket> sender;
  if (sockets->size() > kSender) sender = std::move((*sockets)[kSender]);
  std::unique_ptr<PacketDevice> device(
      new PacketDevice(std::move((*sockets)[kSmall]), std::move((*sockets)[kLarge]), std::move(sender)));

  device->own_mac_ = options.mac;
  device->kernel_cuts_ = options.kernel_cuts;
  Result<InterfaceFacts> facts = read_interface(device->sender().fd(), options.name);
  if (!facts) return facts.failure();
  if (!facts->ethernet) return Failure{EPROTONOSUPPORT, "interface without Ethernet framing"};
  device->facts_ = *facts;
  if (options.aside_slots > 0) {
    if (Status s = open_one(device->aside_socket_)) return *s;
  }
  if (near) {
    device->near_socket_ = std::move(near);
    if (Status s = open_one(device->spare_)) return *s;
  }
  if (Status s = device->open_long(options)) return *s;
  if (Status s = device->map_rings(options)) return *s;
  if (device->own_sender_) {
    if (Status s = device->own_sender_->enable_vnet_header()) return *s;
  }
  if (Status s = device->sender().set_send_buffer(kSendBuffer)) return *s;
  if (Status s = device->bind_all()) return *s;
  if (device->near_socket_) {
    if (const Status refused = device->join_near())
      return open_without_near(std::move(device), options, refused->error);
  }
  return device;
}

Result<std::vector<PacketSocket>> PacketDevice::open_sockets(const std::vector<int>& fds) {
  std::vector<PacketSocket> sockets;
  if (fds.empty()) {
    for (std::size_t i = 0; i <= kSender; ++i) {
      Result<PacketSocket> socket = PacketSocket::open();
      if (!socket) return socket.failure();
      sockets.push_back(std::move(*socket));
    }
    return sockets;
  }
  if (fds.size() <= kLarge || fds.size() > kSender + 1) return Failure{EINVAL, "fds: two or three packet sockets"};
  for (const int fd : fds) {
    Result<PacketSocket> socket = PacketSocket::adopt(fd);
    if (!socket) {
      // All of them or none is ours.
      for (PacketSocket& adopted : sockets) adopted.release();
      return socket.failure();
    }
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

Status PacketDevice::map_rings(const PacketOptions& options) {
  struct Wanted {
    RingIndex index;
    PacketSocket* socket;
    RingGeometry geometry;
  };
  const auto maybe = [](std::optional<PacketSocket>& socket) { return socket ? &*socket : nullptr; };
  const std::array<Wanted, kRings> all = {{
      {kSmallRing, &small_socket_, RingGeometry::make(kSmallSlot, options.small_slots, kSmallPerBlock)},
      {kLargeRing, &large_socket_, RingGeometry::make(kLargeSlot, options.large_slots, kLargePerBlock)},
      {kAsideRing, maybe(aside_socket_), RingGeometry::make(kLargeSlot, options.aside_slots, kLargePerBlock)},
      {kNearRing, maybe(near_socket_), RingGeometry::make(kSmallSlot, options.near_slots, kSmallPerBlock)},
      {kHeadRing, maybe(long_socket_), RingGeometry::make(kHeadSlot, options.large_slots, kHeadsPerBlock)},
  }};
  std::size_t bytes = long_socket_ ? FrameQueue::kBytes : 0;
  for (const Wanted& one : all) {
    if (one.socket == nullptr) continue;
    if (Status s = prepare(*one.socket, one.geometry)) return s;
    bytes += one.geometry.bytes();
  }
  Result<Shared<Mapping>> memory = Mapping::reserve(bytes);
  if (!memory) return memory.failure();
  memory_ = *memory;
  std::size_t at = 0;
  for (const Wanted& one : all) {
    if (one.socket == nullptr) continue;
    if (Status s = memory_->overlay(at, one.geometry.bytes(), one.socket->fd())) return s;
    rings_[one.index] = RxRing(memory_->data(), static_cast<std::uint32_t>(at), one.geometry);
    at += one.geometry.bytes();
  }
  return long_socket_ ? map_queue(at) : Status{};
}

Status PacketDevice::bind_all() {
  if (Status s = leave_near()) return s;
  // ETH_P_ALL sees frames before an ingress hook of nftables drops them for the kernel; ETH_P_IP would not.
  if (Status s = small_socket_.bind(facts_.index, ETH_P_ALL)) return s;
  if (Status s = large_socket_.bind(facts_.index, ETH_P_ALL)) return s;
  for (std::optional<PacketSocket>* socket : {&aside_socket_, &long_socket_}) {
    if (!*socket) continue;
    if (Status s = (*socket)->bind(facts_.index, ETH_P_ALL)) return s;
  }
  if (own_sender_) {
    if (Status s = own_sender_->bind(facts_.index, 0)) return s;
  }
  bound_index_ = facts_.index;
  if (own_mac_) {
    if (Status s = sender().join(facts_.index, PACKET_MR_PROMISC, *own_mac_)) return s;
  }
  groups_.clear();
  return join_groups();
}

// The interface was made anew. From now on the spare is the small socket, and nothing comes to the near one, which
// stays open because its descriptor is being polled.
Status PacketDevice::leave_near() {
  if (!spare_ || bound_index_ == 0) return {};
  RxRing& ring = rings_[kSmallRing];
  if (Status s = prepare(*spare_, ring.geometry())) return s;
  if (Status s = memory_->overlay(ring.offset(), ring.geometry().bytes(), spare_->fd())) return s;
  ring.restart();
  PacketSocket spare = std::move(*spare_);
  spare_.reset();
  if (Status s = small_socket_.replace_with(std::move(spare))) return s;
  return set_filter(filter_);
}

Status PacketDevice::join_groups() {
  std::vector<MacAddress> wanted = multicast_groups(filter_);
  const auto lacks = [](const std::vector<MacAddress>& list, const MacAddress& group) {
    return !std::binary_search(list.begin(), list.end(), group);
  };
  for (const MacAddress& group : wanted) {
    if (!lacks(groups_, group)) continue;
    if (Status s = sender().join(bound_index_, PACKET_MR_MULTICAST, group)) return s;
  }
  for (const MacAddress& group : groups_) {
    if (lacks(wanted, group)) sender().leave(bound_index_, PACKET_MR_MULTICAST, group);
  }
  groups_ = std::move(wanted);
  return {};
}

Status PacketDevice::set_filter(const Filter& given) {
  Filter filter = given;
  if (aside_socket_) {
    filter.part = Part::kAside;
    if (Status s = aside_socket_->attach_filter(make_filter_program(filter, {}))) return s;
    filter.part = Part::kSteered;
  }
  if (Status s = filter_long(filter)) return s;
  const std::vector<sock_filter> small = make_filter_program(filter, {.at_most = kSmallFrameMax});
  if (near_socket_) {
    if (Status s = near_socket_->attach_filter(small)) return s;
  }
  if (Status s = small_socket_.attach_filter(small)) return s;
  filter_ = filter;
  return join_groups();
}

std::size_t PacketDevice::receive(std::span<RxFrame> frames) {
  const std::size_t count = rings_.receive(frames, truncated);
  if (rings_.take_losing()) count_drops();
  return count;
}

void PacketDevice::count_drops() {
  ring_drops += std::uint64_t{small_socket_.take_drops()} + large_socket_.take_drops();
  for (std::optional<PacketSocket>* socket : {&aside_socket_, &near_socket_, &long_socket_}) {
    if (*socket) ring_drops += (*socket)->take_drops();
  }
}

bool PacketDevice::plenty() {
  return rings_[kLargeRing].peek() != nullptr || rings_[kHeadRing].peek() != nullptr ||
         rings_[kSmallRing].holds(kPlenty) || rings_[kNearRing].holds(kPlenty);
}

void PacketDevice::release() { rings_.release(); }

bool PacketDevice::ready() { return rings_.ready(); }

std::vector<int> PacketDevice::poll_fds() const {
  std::vector<int> fds = {small_socket_.fd(), large_socket_.fd()};
  if (aside_socket_) fds.push_back(aside_socket_->fd());
  if (near_socket_) fds.push_back(near_socket_->fd());
  if (long_socket_) fds.push_back(long_socket_->fd());
  return fds;
}

Result<std::array<int, 2>> PacketDevice::join_groups_of_stacks(std::array<int, 2> groups) {
  Result<int> small = small_socket_.join_group(groups[0]);
  if (!small) return small.failure();
  Result<int> large = large_socket_.join_group(groups[1]);
  if (!large) return large.failure();
  return std::array<int, 2>{*small, *large};
}

Status PacketDevice::steer(std::span<const sock_filter> program) {
  if (Status s = small_socket_.steer_group(program)) return s;
  return large_socket_.steer_group(program);
}

int PacketDevice::send(mmsghdr* messages, unsigned count) {
  // Not by the name: musl calls the kernel for each message.
  const long sent = ::syscall(SYS_sendmmsg, sender().fd(), messages, count, MSG_DONTWAIT);
  return sent < 0 ? -errno : static_cast<int>(sent);
}

void PacketDevice::wait_writable(int milliseconds) {
  pollfd poll_fd{sender().fd(), POLLOUT, 0};
  ::poll(&poll_fd, 1, milliseconds);
}

int PacketDevice::take_error() {
  const int small = small_socket_.take_error();
  const int large = large_socket_.take_error();
  if (own_sender_) own_sender_->take_error();
  if (aside_socket_) aside_socket_->take_error();
  if (near_socket_) near_socket_->take_error();
  if (long_socket_) long_socket_->take_error();
  return small != 0 ? small : large;
}

Status PacketDevice::reopen() {
  // What happened until now is answered by the facts, which are read afterwards: it must not end what begins with them.
  take_error();
  const int index = small_socket_.interface_index() == bound_index_ ? bound_index_ : 0;
  Result<InterfaceFacts> facts = read_interface(sender().fd(), interface_name(sender().fd(), index, facts_.name));
  if (!facts) return facts.failure();
  if (!facts->up) return Failure{ENETDOWN, "interface is down"};
  facts_ = *facts;
  // A binding survives down and up; it does not survive the interface being made anew, or having been in another namespace,
  // from which it may come back with the same index.
  if (facts_.index != bound_index_ || small_socket_.interface_index() != bound_index_) return bind_all();
  return {};
}

std::size_t PacketDevice::capacity() const {
  // Slots are counted, not bytes. A peer with something to say fills either ring: the one of the frames that its MTU
  // allows with a segment a slot, or the large one with what a device merged.
  const std::size_t segment = facts_.mtu - std::min<std::size_t>(facts_.mtu, kTcpIpHeaders);
  if (facts_.mtu + kEthernetHeader > kSmallFrameMax) {
    return rings_[kLargeRing].slots() * std::min(segment, kUsualSuperFrame);
  }
  // A group rolls over to a ring only while a quarter of it is free.
  const std::size_t small = rings_[kSmallRing].slots(), near = rings_[kNearRing].slots();
  const std::size_t slots = near == 0 ? small : near + small - small / 4;
  return std::min(slots * segment, rings_[kLargeRing].slots() * kUsualSuperFrame);
}

}  // namespace usertcp
