// Facts about a network interface, asked of the kernel each time: they change while we run.
#pragma once

#include <string>

#include "device.h"
#include "result.h"

namespace usertcp {

struct InterfaceFacts {
  std::string name;
  int index = 0;
  MacAddress mac{};
  unsigned mtu = 0;
  bool up = false;
  bool ethernet = false;
  Offload offload;
};

// `fd` is any socket of the namespace the interface lives in.
Result<InterfaceFacts> read_interface(int fd, const std::string& name);

// What the interface of this index is called now; `otherwise` when there is none.
std::string interface_name(int fd, int index, const std::string& otherwise);

// Whether another MTU or MAC address is to be read than `known`, or nothing under its name.
bool interface_changed(int fd, const InterfaceFacts& known);

Status set_interface_up(int fd, const std::string& name);

}  // namespace usertcp
