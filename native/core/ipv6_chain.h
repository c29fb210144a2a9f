// The walk over IPv6 extension headers (RFC 8200 §4) to the header that is not one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace usertcp {

struct Ipv6Chain {
  enum class End : std::uint8_t {
    kUpperLayer,  // `offset` is where `next` begins
    kFragment,    // `offset` is where the fragment's data begins
    kForTheCore,  // something that may want an ICMPv6 answer, or no next header: not for the demultiplexer
    kMalformed,
  };
  End end;
  std::uint8_t next = 0;
  std::size_t offset = 0;
};

// `packet` is the whole IPv6 packet, its fixed header included.
Ipv6Chain walk_ipv6_chain(std::span<const std::byte> packet);

}  // namespace usertcp
