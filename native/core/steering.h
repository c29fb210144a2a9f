// Which of several stacks with one address a frame is for: a keyed function of the four-tuple gives one of 256 buckets, or,
// for a TCP port that has a berth, one of the berth's; and a table says whose bucket it is. The same function as in src/wire/bucket.ts, and as classic BPF for the kernel.
#pragma once

#include <linux/filter.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "bpf_program.h"
#include "flow_table.h"

namespace usertcp {

inline constexpr std::uint32_t kCommonBuckets = 256, kBerths = 28, kBerthBuckets = 64;
inline constexpr std::size_t kBuckets = kCommonBuckets + kBerths * kBerthBuckets;

struct Steering {
  std::uint32_t key0 = 0, key1 = 0;
  // Ports chosen for a UDP socket that talks to many: their bucket is of the port alone.
  std::uint16_t first_port = 1, last_port = 0;
  // TCP ports by berth, 0 = nobody's.
  std::array<std::uint16_t, kBerths> ports{};
};

// Frames with ports where they usually are (no IP options, no extension headers, no fragments) are steered by the kernel to
// one socket of a group; everything else is seen by a socket of each stack that is in no group.
enum class Part : std::uint8_t { kAll, kSteered, kAside };

// Buckets that are somebody else's now, and of which flows are left here: their frames come to the socket aside, too.
struct Kept {
  std::array<std::uint32_t, kBuckets / 32> buckets{};
  // Whether segments that open a connection come as well.
  bool syns = false;
  bool none() const { return buckets == std::array<std::uint32_t, kBuckets / 32>{}; }
};

std::uint32_t bucket_of_flow(const Steering& steering, const FlowKey& key);
std::uint32_t bucket_of_port(const Steering& steering, std::uint16_t port);

// For PACKET_FANOUT_DATA: returns the position in the group of who has the bucket.
std::vector<sock_filter> make_steering_program(const Steering& steering,
                                               std::span<const std::uint8_t, kBuckets> positions);

// The beginning of a socket's filter: ends for frames that are not of the part, and goes on for the others.
void keep_part(BpfProgram& program, const Steering& steering, Part part, const Kept& kept);

}  // namespace usertcp
