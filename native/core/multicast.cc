#include "multicast.h"

#include <algorithm>

namespace usertcp {

std::vector<MacAddress> multicast_groups(const Filter& filter) {
  std::vector<MacAddress> groups;
  if (filter.shared) return groups;
  for (const Filter::Address& a : filter.addresses) {
    if (is_mapped_ipv4(a)) {
      groups.push_back({0x01, 0x00, 0x5e, 0x00, 0x00, 0x01});
      continue;
    }
    const auto low = static_cast<std::uint32_t>(a[3]);
    groups.push_back({0x33, 0x33, 0x00, 0x00, 0x00, 0x01});
    groups.push_back({0x33, 0x33, 0xff, static_cast<std::uint8_t>(low >> 16), static_cast<std::uint8_t>(low >> 8),
                      static_cast<std::uint8_t>(low)});
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

}  // namespace usertcp
