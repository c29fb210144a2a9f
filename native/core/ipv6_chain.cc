#include "ipv6_chain.h"

#include "bytes.h"

namespace usertcp {
namespace {

enum NextHeader : std::uint8_t {
  kHopByHop = 0,
  kRouting = 43,
  kFragment = 44,
  kAuthentication = 51,
  kNone = 59,
  kDestination = 60,
};

constexpr std::size_t kFixedHeader = 40;
// RFC 8200 §4.1 names at most seven; longer chains are an attack on the reader.
constexpr int kMostHeaders = 8;

enum class Options : std::uint8_t { kFine, kForTheCore, kMalformed };

// RFC 8200 §4.2: the two high bits of an unknown option say whether to skip it.
Options check_options(std::span<const std::byte> bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint8_t type = load_8(bytes.data() + at);
    if (type == 0) {  // Pad1
      ++at;
      continue;
    }
    if (bytes.size() - at < 2) return Options::kMalformed;
    const std::size_t length = 2 + load_8(bytes.data() + at + 1);
    if (length > bytes.size() - at) return Options::kMalformed;
    constexpr std::uint8_t kJumbo = 0xc2;  // put in by Linux BIG TCP
    if ((type & 0xc0) != 0 && type != kJumbo) return Options::kForTheCore;
    at += length;
  }
  return Options::kFine;
}

}  // namespace

Ipv6Chain walk_ipv6_chain(std::span<const std::byte> packet) {
  using End = Ipv6Chain::End;
  std::uint8_t next = load_8(packet.data() + 6);
  std::size_t at = kFixedHeader;
  for (int headers = 0; headers < kMostHeaders; ++headers) {
    if (next == kNone) return {End::kForTheCore, next, at};
    const bool is_extension =
        next == kHopByHop || next == kRouting || next == kFragment || next == kAuthentication || next == kDestination;
    if (!is_extension) return {End::kUpperLayer, next, at};
    // RFC 8200 §4.1: hop-by-hop options only directly after the fixed header.
    if (next == kHopByHop && at != kFixedHeader) return {End::kForTheCore, next, at};
    const std::size_t left = packet.size() - at;
    if (left < 8) return {End::kMalformed};
    const std::byte* header = packet.data() + at;
    const std::size_t units = load_8(header + 1);
    // RFC 4302 §2.2: the length of AH counts 32-bit words less two; the others count 64-bit words less one.
    const std::size_t length = next == kAuthentication ? (units + 2) * 4 : next == kFragment ? 8 : (units + 1) * 8;
    if (length > left) return {End::kMalformed};
    if (next == kFragment) {
      // RFC 6946: a fragment that is the whole packet is handled as the packet.
      if ((load_be16(header + 2) & 0xfff9) != 0) return {End::kFragment, load_8(header), at + length};
    } else if (next == kRouting) {
      // RFC 8200 §4.4: segments left mean that we are not the last stop.
      if (load_8(header + 3) != 0) return {End::kForTheCore, next, at};
    } else if (next != kAuthentication) {
      const Options options = check_options({header + 2, length - 2});
      if (options == Options::kMalformed) return {End::kMalformed};
      if (options == Options::kForTheCore) return {End::kForTheCore, next, at};
    }
    next = load_8(header);
    at += length;
  }
  return {End::kMalformed};
}

}  // namespace usertcp
