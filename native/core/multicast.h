// The multicast groups that a host belongs to by its addresses.
#pragma once

#include <vector>

#include "device.h"

namespace usertcp {

// All hosts (RFC 1112), all nodes and solicited node (RFC 4291 §2.8); sorted, each once. None where the host is the member.
std::vector<MacAddress> multicast_groups(const Filter& filter);

}  // namespace usertcp
