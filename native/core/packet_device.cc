#include "packet_device.h"

#include <net/ethernet.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace usertcp {
namespace {

constexpr std::uint32_t kSmallSlot = 2048;
// 64 KB of IP, Ethernet with a VLAN tag and the kernel's headers; 17 pages.
constexpr std::uint32_t kLargeSlot = 68 * 1024;
// The kernel allocates blocks as powers of two pages: both fill 1 MB (the large ones but for one page).
constexpr std::uint32_t kSmallPerBlock = 512;
constexpr std::uint32_t kLargePerBlock = 15;
constexpr std::uint32_t kSmallFrameMax = kSmallSlot - kSlotHeadroom;
constexpr int kSendBuffer = 16 << 20;
// Of PacketOptions::fds.
constexpr std::size_t kSmall = 0, kLarge = 1, kSender = 2;
constexpr std::size_t kTcpIpHeaders = 40;
// A sender that fills a window makes super-frames of up to 64 KB, but small ones take a slot as well.
constexpr std::size_t kUsualSuperFrame = 16384;

// tp_sec, tp_nsec
std::uint64_t stamp(const tpacket2_hdr* header) { return std::uint64_t{header->tp_sec} << 32 | header->tp_nsec; }

}  // namespace

Result<std::unique_ptr<PacketDevice>> PacketDevice::open(const PacketOptions& options) {
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
    Result<PacketSocket> aside = PacketSocket::open();
    if (!aside) return aside.failure();
    device->aside_socket_ = std::move(*aside);
  }
  if (Status s = device->map_rings(options)) return *s;
  if (device->own_sender_) {
    if (Status s = device->own_sender_->enable_vnet_header()) return *s;
  }
  if (Status s = device->sender().set_send_buffer(kSendBuffer)) return *s;
  if (Status s = device->bind_all()) return *s;
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
  const RingGeometry small = RingGeometry::make(kSmallSlot, options.small_slots, kSmallPerBlock);
  const RingGeometry large = RingGeometry::make(kLargeSlot, options.large_slots, kLargePerBlock);
  const RingGeometry aside = RingGeometry::make(kLargeSlot, options.aside_slots, kLargePerBlock);
  const std::vector<sock_filter> closed = make_closed_program();
  PacketSocket* const third = aside_socket_ ? &*aside_socket_ : nullptr;
  for (auto [socket, geometry] :
       {std::pair{&small_socket_, &small}, std::pair{&large_socket_, &large}, std::pair{third, &aside}}) {
    if (socket == nullptr) continue;
    if (Status s = socket->enable_vnet_header()) return s;
    if (Status s = socket->attach_filter(closed)) return s;
    if (Status s = socket->make_ring(geometry->request())) return s;
  }
  Result<Shared<Mapping>> memory = Mapping::reserve(small.bytes() + large.bytes() + aside.bytes());
  if (!memory) return memory.failure();
  memory_ = *memory;
  if (Status s = memory_->overlay(0, small.bytes(), small_socket_.fd())) return s;
  if (Status s = memory_->overlay(small.bytes(), large.bytes(), large_socket_.fd())) return s;
  small_ = RxRing(memory_->data(), 0, small);
  large_ = RxRing(memory_->data(), static_cast<std::uint32_t>(small.bytes()), large);
  if (!aside_socket_) return {};
  const std::size_t at = small.bytes() + large.bytes();
  if (Status s = memory_->overlay(at, aside.bytes(), aside_socket_->fd())) return s;
  aside_ = RxRing(memory_->data(), static_cast<std::uint32_t>(at), aside);
  return {};
}

Status PacketDevice::bind_all() {
  // ETH_P_ALL sees frames before an ingress hook of nftables drops them for the kernel; ETH_P_IP would not.
  if (Status s = small_socket_.bind(facts_.index, ETH_P_ALL)) return s;
  if (Status s = large_socket_.bind(facts_.index, ETH_P_ALL)) return s;
  if (aside_socket_) {
    if (Status s = aside_socket_->bind(facts_.index, ETH_P_ALL)) return s;
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

// The groups a host of these addresses belongs to: all hosts (RFC 1112), all nodes and solicited node (RFC 4291 §2.8).
Status PacketDevice::join_groups() {
  std::vector<MacAddress> wanted;
  for (const Filter::Address& a : filter_.addresses) {
    if (filter_.shared) break;  // the host is the member
    if (is_mapped_ipv4(a)) {
      wanted.push_back({0x01, 0x00, 0x5e, 0x00, 0x00, 0x01});
    } else {
      const auto low = static_cast<std::uint32_t>(a[3]);
      wanted.push_back({0x33, 0x33, 0x00, 0x00, 0x00, 0x01});
      wanted.push_back({0x33, 0x33, 0xff, static_cast<std::uint8_t>(low >> 16), static_cast<std::uint8_t>(low >> 8),
                        static_cast<std::uint8_t>(low)});
    }
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
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
  if (Status s = large_socket_.attach_filter(make_filter_program(filter, {.at_least = kSmallFrameMax + 1}))) return s;
  if (Status s = small_socket_.attach_filter(make_filter_program(filter, {.at_most = kSmallFrameMax}))) return s;
  filter_ = filter;
  return join_groups();
}

std::size_t PacketDevice::receive(std::span<RxFrame> frames) {
  std::size_t count = 0;
  const tpacket2_hdr* small = small_.peek();
  const tpacket2_hdr* large = large_.peek();
  const tpacket2_hdr* aside = aside_.peek();
  while (count < frames.size()) {
    if (small == nullptr && large == nullptr && aside == nullptr) break;
    // The kernel writes frames in the order they came. Having seen (acquired) one, whatever came before it is
    // visible in the other ring now, even if it was not when we looked there a moment ago.
    if (small == nullptr) small = small_.peek();
    if (large == nullptr) large = large_.peek();
    const bool from_small = large == nullptr || (small != nullptr && stamp(small) <= stamp(large));
    RxRing* ring = from_small ? &small_ : &large_;
    const tpacket2_hdr** next = from_small ? &small : &large;
    if (aside_socket_) {
      if (aside == nullptr) aside = aside_.peek();
      if (aside != nullptr && (*next == nullptr || stamp(aside) < stamp(*next))) {
        ring = &aside_;
        next = &aside;
      }
    }
    if (ring->take(*next, frames[count])) {
      ++count;
    } else {
      ++truncated;
    }
    *next = ring->peek();
  }
  if (small_.losing() || large_.losing() || aside_.losing()) count_drops();
  return count;
}

void PacketDevice::count_drops() {
  small_.clear_losing();
  large_.clear_losing();
  aside_.clear_losing();
  ring_drops += std::uint64_t{small_socket_.take_drops()} + large_socket_.take_drops();
  if (aside_socket_) ring_drops += aside_socket_->take_drops();
}

void PacketDevice::release() {
  small_.release();
  large_.release();
  aside_.release();
}

bool PacketDevice::ready() { return small_.peek() != nullptr || large_.peek() != nullptr || aside_.peek() != nullptr; }

std::vector<int> PacketDevice::poll_fds() const {
  std::vector<int> fds = {small_socket_.fd(), large_socket_.fd()};
  if (aside_socket_) fds.push_back(aside_socket_->fd());
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
  return small != 0 ? small : large;
}

Status PacketDevice::reopen() {
  Result<InterfaceFacts> facts = read_interface(sender().fd(), facts_.name);
  if (!facts) return facts.failure();
  if (!facts->up) return Failure{ENETDOWN, "interface is down"};
  facts_ = *facts;
  // A binding survives down and up; it does not survive the interface being made anew.
  if (facts_.index != bound_index_) return bind_all();
  return {};
}

std::size_t PacketDevice::capacity() const {
  // Slots are counted, not bytes. A peer with something to say fills either ring: the one of the frames that its MTU
  // allows with a segment a slot, or the large one with what a device merged.
  const std::size_t segment = facts_.mtu - std::min<std::size_t>(facts_.mtu, kTcpIpHeaders);
  if (facts_.mtu + kEthernetHeader > kSmallFrameMax) {
    return large_.slots() * std::min(segment, kUsualSuperFrame);
  }
  return std::min(small_.slots() * segment, large_.slots() * kUsualSuperFrame);
}

}  // namespace usertcp
