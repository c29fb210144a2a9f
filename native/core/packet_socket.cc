#include "packet_socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/ethernet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace usertcp {
namespace {

packet_mreq membership(int interface_index, std::uint16_t type, std::span<const std::uint8_t, 6> address) {
  packet_mreq request{};
  request.mr_ifindex = interface_index;
  request.mr_type = type;
  request.mr_alen = 6;
  std::memcpy(request.mr_address, address.data(), 6);
  return request;
}

// -1 when it cannot be asked.
int socket_option(int fd, int option) {
  int value = -1;
  socklen_t bytes = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &bytes) == 0 ? value : -1;
}

}  // namespace

Result<PacketSocket> PacketSocket::adopt(int fd) {
  const int domain = socket_option(fd, SO_DOMAIN);
  if (domain < 0) return Failure{errno, "getsockopt SO_DOMAIN"};
  if (domain != AF_PACKET || socket_option(fd, SO_TYPE) != SOCK_RAW) {
    return Failure{EPROTOTYPE, "not a socket of AF_PACKET, SOCK_RAW"};
  }
  if (::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    return Failure{errno, "fcntl"};
  }
  // Options cannot be changed on a socket with a ring; without one this does nothing.
  const tpacket_req none{};
  if (::setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &none, sizeof none) != 0) {
    return Failure{errno, "setsockopt PACKET_RX_RING"};
  }
  return PacketSocket(UniqueFd(fd));
}

Result<PacketSocket> PacketSocket::open() {
  // Protocol 0: no frame reaches the socket before its filter and its ring are there.
  UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return Failure{errno, "socket AF_PACKET"};
  return PacketSocket(std::move(fd));
}

Status PacketSocket::set(int level, int option, const void* value, std::size_t bytes, const char* operation) {
  if (::setsockopt(fd_.get(), level, option, value, static_cast<socklen_t>(bytes)) != 0) {
    return Failure{errno, operation};
  }
  return {};
}

Status PacketSocket::enable_vnet_header() {
  const int on = 1;
  return set(SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on, "setsockopt PACKET_VNET_HDR");
}

Status PacketSocket::make_ring(const tpacket_req& request) {
  const int version = TPACKET_V2;
  if (Status s = set(SOL_PACKET, PACKET_VERSION, &version, sizeof version, "setsockopt PACKET_VERSION")) return s;
  const int on = 1;
  // Otherwise every frame we send comes back to us.
  if (Status s = set(SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on, "setsockopt PACKET_IGNORE_OUTGOING")) return s;
  return set(SOL_PACKET, PACKET_RX_RING, &request, sizeof request, "setsockopt PACKET_RX_RING");
}

Status PacketSocket::attach_filter(std::span<const sock_filter> program) {
  sock_fprog fprog{};
  fprog.len = static_cast<unsigned short>(program.size());
  fprog.filter = const_cast<sock_filter*>(program.data());
  return set(SOL_SOCKET, SO_ATTACH_FILTER, &fprog, sizeof fprog, "setsockopt SO_ATTACH_FILTER");
}

Status PacketSocket::bind(int interface_index, std::uint16_t protocol) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(protocol);
  address.sll_ifindex = interface_index;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Failure{errno, "bind AF_PACKET"};
  }
  return {};
}

int PacketSocket::interface_index() const {
  sockaddr_ll address{};
  socklen_t bytes = sizeof address;
  const bool known = ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &bytes) == 0;
  return known ? address.sll_ifindex : -1;
}

Result<int> PacketSocket::join_group(int group, bool rolls_over) {
  constexpr int kIgnoreOutgoing = 0x4000, kUniqueId = 0x2000;  // PACKET_FANOUT_FLAG_* of Linux 5.17 and 4.12
  const int wanted = PACKET_FANOUT_CBPF | (group < 0 ? kUniqueId : 0) | (rolls_over ? PACKET_FANOUT_FLAG_ROLLOVER : 0);
  const auto join = [&](int flags) {
    const int value = (group < 0 ? 0 : group) | (wanted | flags) << 16;
    return set(SOL_PACKET, PACKET_FANOUT, &value, sizeof value, "setsockopt PACKET_FANOUT");
  };
  Status failed = join(kIgnoreOutgoing);
  // An older kernel: the filter sees what is sent, and it is addressed to others.
  if (failed && failed->error == EINVAL) failed = join(0);
  if (failed) return *failed;
  int joined = 0;
  socklen_t bytes = sizeof joined;
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_FANOUT, &joined, &bytes) != 0) {
    return Failure{errno, "getsockopt PACKET_FANOUT"};
  }
  return joined & 0xffff;
}

Status PacketSocket::steer_group(std::span<const sock_filter> program) {
  sock_fprog fprog{};
  fprog.len = static_cast<unsigned short>(program.size());
  fprog.filter = const_cast<sock_filter*>(program.data());
  return set(SOL_PACKET, PACKET_FANOUT_DATA, &fprog, sizeof fprog, "setsockopt PACKET_FANOUT_DATA");
}

Status PacketSocket::replace_with(PacketSocket other) {
  if (::dup3(other.fd(), fd_.get(), O_CLOEXEC) < 0) return Failure{errno, "dup3"};
  return {};
}

Status PacketSocket::set_send_buffer(int bytes) {
  // The forced form passes net.core.wmem_max and needs CAP_NET_ADMIN; the other gives what the limit allows.
  if (!set(SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes, "setsockopt SO_SNDBUFFORCE")) return {};
  return set(SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes, "setsockopt SO_SNDBUF");
}

bool PacketSocket::keep_long_frames(int bytes) {
  const int on = 1;
  // Beyond net.core.rmem_max only the forced form gets, which needs CAP_NET_ADMIN.
  if (set(SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes, "setsockopt SO_RCVBUFFORCE")) return false;
  return !set(SOL_PACKET, PACKET_COPY_THRESH, &on, sizeof on, "setsockopt PACKET_COPY_THRESH");
}

Status PacketSocket::join(int interface_index, std::uint16_t type, std::span<const std::uint8_t, 6> address) {
  const packet_mreq request = membership(interface_index, type, address);
  return set(SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request, "setsockopt PACKET_ADD_MEMBERSHIP");
}

Status PacketSocket::leave(int interface_index, std::uint16_t type, std::span<const std::uint8_t, 6> address) {
  const packet_mreq request = membership(interface_index, type, address);
  return set(SOL_PACKET, PACKET_DROP_MEMBERSHIP, &request, sizeof request, "setsockopt PACKET_DROP_MEMBERSHIP");
}

std::uint32_t PacketSocket::take_drops() {
  tpacket_stats stats{};
  socklen_t bytes = sizeof stats;
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &bytes) != 0) return 0;
  return stats.tp_drops;
}

int PacketSocket::take_error() {
  int error = 0;
  socklen_t bytes = sizeof error;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &bytes);
  return error;
}

}  // namespace usertcp
