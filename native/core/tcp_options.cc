#include "tcp_options.h"

#include "abi.h"
#include "bytes.h"

namespace usertcp {
namespace {

enum OptionKind : std::uint8_t {
  kEnd = 0,
  kNoOperation = 1,
  kMaximumSegmentSize = 2,
  kWindowScale = 3,
  kSackPermitted = 4,
  kSack = 5,
  kTimestamps = 8,
};

// The OPT_* bit of an option; OPT_BAD when its kind does not come in this length.
std::uint32_t classify(std::uint8_t kind, std::size_t length) {
  switch (kind) {
    case kMaximumSegmentSize: return length == 4 ? kOptMss : kOptBad;
    case kWindowScale: return length == 3 ? kOptWs : kOptBad;
    case kSackPermitted: return length == 2 ? kOptSackOk : kOptBad;
    case kSack: return length >= 10 && length % 8 == 2 ? kOptSack : kOptBad;
    case kTimestamps: return length == 10 ? kOptTs : kOptBad;
    default: return kOptOther;
  }
}

}  // namespace

TcpOptions parse_tcp_options(std::span<const std::byte> bytes) {
  TcpOptions options;
  // NOP NOP Timestamps, the only options of nearly every segment (RFC 7323 appendix A).
  if (bytes.size() == 12 && load_be32(bytes.data()) == 0x0101080a) {
    return {kOptTs, load_be32(bytes.data() + 4), load_be32(bytes.data() + 8)};
  }
  for (std::size_t at = 0; at < bytes.size();) {
    const std::uint8_t kind = load_8(bytes.data() + at);
    if (kind == kEnd) break;
    if (kind == kNoOperation) {
      ++at;
      continue;
    }
    const std::size_t left = bytes.size() - at;
    const std::size_t length = left < 2 ? 0 : load_8(bytes.data() + at + 1);
    // RFC 9293 §3.1 [MUST-7]: an illegal length must not crash or hang; what was read so far stands.
    const std::uint32_t option = length < 2 || length > left ? kOptBad : classify(kind, length);
    options.seen |= option;
    if (option == static_cast<std::uint32_t>(kOptBad)) break;
    if (option == static_cast<std::uint32_t>(kOptTs)) {
      options.tsval = load_be32(bytes.data() + at + 2);
      options.tsecr = load_be32(bytes.data() + at + 6);
    }
    at += length;
  }
  return options;
}

}  // namespace usertcp
