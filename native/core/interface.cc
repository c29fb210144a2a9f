#include "interface.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace usertcp {
namespace {

bool set_name(ifreq& request, const std::string& name) {
  if (name.empty() || name.size() >= sizeof request.ifr_name) return false;
  std::memcpy(request.ifr_name, name.c_str(), name.size() + 1);
  return true;
}

// A driver that does not know the question does not have the offload.
bool ethtool_flag(int fd, ifreq request, std::uint32_t command) {
  ethtool_value value{command, 0};
  request.ifr_data = reinterpret_cast<char*>(&value);
  return ::ioctl(fd, SIOCETHTOOL, &request) == 0 && value.data != 0;
}

}  // namespace

Result<InterfaceFacts> read_interface(int fd, const std::string& name) {
  ifreq request{};
  if (!set_name(request, name)) return Failure{ENODEV, "ioctl SIOCGIFINDEX"};
  InterfaceFacts facts;
  facts.name = name;
  if (::ioctl(fd, SIOCGIFINDEX, &request) != 0) return Failure{errno, "ioctl SIOCGIFINDEX"};
  facts.index = request.ifr_ifindex;
  if (::ioctl(fd, SIOCGIFHWADDR, &request) != 0) return Failure{errno, "ioctl SIOCGIFHWADDR"};
  facts.ethernet = request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
  std::memcpy(facts.mac.data(), request.ifr_hwaddr.sa_data, facts.mac.size());
  if (::ioctl(fd, SIOCGIFMTU, &request) != 0) return Failure{errno, "ioctl SIOCGIFMTU"};
  facts.mtu = static_cast<unsigned>(request.ifr_mtu);
  if (::ioctl(fd, SIOCGIFFLAGS, &request) != 0) return Failure{errno, "ioctl SIOCGIFFLAGS"};
  facts.up = (request.ifr_flags & IFF_UP) != 0;
  facts.offload.checksum = ethtool_flag(fd, request, ETHTOOL_GTXCSUM);
  facts.offload.segmentation = facts.offload.checksum && ethtool_flag(fd, request, ETHTOOL_GTSO);
  return facts;
}

std::string interface_name(int fd, int index, const std::string& otherwise) {
  ifreq request{};
  request.ifr_ifindex = index;
  return index > 0 && ::ioctl(fd, SIOCGIFNAME, &request) == 0 ? request.ifr_name : otherwise;
}

bool interface_changed(int fd, const InterfaceFacts& known) {
  ifreq request{};
  // Its name may have changed, too.
  if (!set_name(request, known.name) || ::ioctl(fd, SIOCGIFMTU, &request) != 0) return true;
  if (static_cast<unsigned>(request.ifr_mtu) != known.mtu) return true;
  if (::ioctl(fd, SIOCGIFHWADDR, &request) != 0) return true;
  return std::memcmp(request.ifr_hwaddr.sa_data, known.mac.data(), known.mac.size()) != 0;
}

Status set_interface_up(int fd, const std::string& name) {
  ifreq request{};
  if (!set_name(request, name)) return Failure{ENODEV, "ioctl SIOCGIFFLAGS"};
  if (::ioctl(fd, SIOCGIFFLAGS, &request) != 0) return Failure{errno, "ioctl SIOCGIFFLAGS"};
  if ((request.ifr_flags & IFF_UP) != 0) return {};
  request.ifr_flags |= IFF_UP;
  if (::ioctl(fd, SIOCSIFFLAGS, &request) != 0) return Failure{errno, "ioctl SIOCSIFFLAGS"};
  return {};
}

}  // namespace usertcp
