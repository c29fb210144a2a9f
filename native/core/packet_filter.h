// Which frames a packet socket lets in, and the classic BPF program that says so.
#pragma once

#include <linux/filter.h>

#include <array>
#include <cstdint>
#include <vector>

#include "steering.h"

namespace usertcp {

struct Filter {
  enum class Icmp : std::uint8_t { kAll, kErrors, kNone };
  // Mapped form, as in a row: four words, IPv4 as 0, 0, 0xffff, address.
  using Address = std::array<std::int32_t, 4>;

  std::vector<Address> addresses;
  bool arp = true;
  Icmp icmp = Icmp::kAll;
  // Shared mode: the host keeps the address, only TCP to these ports is ours.
  bool shared = false;
  struct Ports {
    std::uint16_t first, last;
  };
  std::vector<Ports> ports;
  // Of an address that several stacks share.
  Part part = Part::kAll;
  Steering steering;
  Kept kept;
};

// Frames of a ring are told apart by length, because a ring counts slots and not bytes.
struct LengthRange {
  std::uint32_t at_least = 0;
  std::uint32_t at_most = 0xffffffff;
};

std::vector<sock_filter> make_filter_program(const Filter& filter, LengthRange length);

// Lets nothing in: what a socket runs until it is told its addresses.
std::vector<sock_filter> make_closed_program();

inline bool is_mapped_ipv4(const Filter::Address& address) {
  return address[0] == 0 && address[1] == 0 && address[2] == 0xffff;
}

}  // namespace usertcp
