#include "tap_device.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

namespace usertcp {
namespace {

constexpr std::uint32_t kSlot = 68 * 1024;
// The vnet header is read right in front of the frame; the frame begins where IP headers become aligned.
constexpr std::uint32_t kFrameAt = 18;

Result<std::string> attach(int fd, const std::string& name) {
  ifreq request{};
  if (name.size() >= sizeof request.ifr_name) return Failure{ENODEV, "ioctl TUNSETIFF"};
  std::memcpy(request.ifr_name, name.c_str(), name.size() + 1);
  request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
  if (::ioctl(fd, TUNSETIFF, &request) != 0) return Failure{errno, "ioctl TUNSETIFF"};
  return std::string(request.ifr_name);
}

}  // namespace

Result<std::unique_ptr<TapDevice>> TapDevice::open(const TapOptions& options) {
  std::unique_ptr<TapDevice> device(new TapDevice);
  device->tap_ = UniqueFd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK));
  if (!device->tap_) return Failure{errno, "open /dev/net/tun"};
  device->control_ = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!device->control_) return Failure{errno, "socket AF_INET"};

  const int fd = device->tap_.get();
  Result<std::string> name = attach(fd, options.name);
  if (!name) return name.failure();
  const int header = kVnetHeader;
  if (::ioctl(fd, TUNSETVNETHDRSZ, &header) != 0) return Failure{errno, "ioctl TUNSETVNETHDRSZ"};
  // What we take from the kernel: partial checksums and super-frames. A kernel that refuses sends plain frames.
  ::ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
  // What the kernel takes from us does not depend on that: it reads any valid vnet header.
  device->offload_ = {.checksum = true, .segmentation = true};

  if (Status s = set_interface_up(device->control_.get(), *name)) return *s;
  Result<InterfaceFacts> facts = read_interface(device->control_.get(), *name);
  if (!facts) return facts.failure();
  device->facts_ = *facts;
  device->mac_ = options.mac;
  device->slots_ = options.slots;
  Result<Shared<Mapping>> memory = Mapping::allocate(std::size_t{options.slots} * kSlot);
  if (!memory) return memory.failure();
  device->memory_ = *memory;
  return device;
}

std::size_t TapDevice::receive(std::span<RxFrame> frames) {
  std::size_t count = 0;
  while (count < frames.size() && used_ < slots_) {
    const std::uint32_t at = used_ * kSlot + kFrameAt;
    std::byte* start = memory_->data() + at - kVnetHeader;
    const std::size_t room = kSlot - kFrameAt + kVnetHeader;
    const ssize_t got = ::read(tap_.get(), start, room);
    if (got < 0) break;
    if (static_cast<std::size_t>(got) < kVnetHeader) continue;
    // A TAP read cuts a frame to the room there was; none that fills all of it is known to be whole.
    if (static_cast<std::size_t>(got) == room) {
      ++truncated;
      continue;
    }
    VnetHeader vnet;
    std::memcpy(&vnet, start, sizeof vnet);
    RxFrame& frame = frames[count++];
    frame.meta = {};
    frame.meta.offset = at;
    frame.meta.vnet_flags = vnet.flags;
    frame.meta.gso_size = segment_size(vnet);
    frame.length = static_cast<std::uint32_t>(got - kVnetHeader);
    ++used_;
  }
  return count;
}

bool TapDevice::ready() {
  pollfd poll_fd{tap_.get(), POLLIN, 0};
  return ::poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & POLLIN) != 0;
}

int TapDevice::send(mmsghdr* messages, unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    const msghdr& message = messages[i].msg_hdr;
    const ssize_t sent = ::writev(tap_.get(), message.msg_iov, static_cast<int>(message.msg_iovlen));
    // An interface that is down answers EIO.
    if (sent < 0) return i > 0 ? static_cast<int>(i) : errno == EIO ? -ENETDOWN : -errno;
  }
  return static_cast<int>(count);
}

void TapDevice::wait_writable(int milliseconds) {
  pollfd poll_fd{tap_.get(), POLLOUT, 0};
  ::poll(&poll_fd, 1, milliseconds);
}

// Of the interface that is ours, which can be renamed while another one takes its old name; empty when it was deleted.
std::string TapDevice::present_name() const {
  ifreq request{};
  return ::ioctl(tap_.get(), TUNGETIFF, &request) == 0 ? request.ifr_name : "";
}

bool TapDevice::changed() const { return present_name() != facts_.name || interface_changed(control_.get(), facts_); }

Status TapDevice::reopen() {
  const std::string name = present_name();
  if (name.empty()) return Failure{ENODEV, "interface was deleted"};
  Result<InterfaceFacts> facts = read_interface(control_.get(), name);
  if (!facts) return facts.failure();
  if (!facts->up) return Failure{ENETDOWN, "interface is down"};
  facts_ = *facts;
  return {};
}

int TapDevice::take_error() {
  const std::string name = present_name();
  if (name.empty()) return ENODEV;
  Result<InterfaceFacts> facts = read_interface(control_.get(), name);
  return !facts ? facts.failure().error : facts->up ? 0 : ENETDOWN;
}

}  // namespace usertcp
