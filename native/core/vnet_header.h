// What travels in front of every frame on a packet socket and a TAP device: checksum and segmentation state. The layout
// of struct virtio_net_hdr; <linux/virtio_net.h> itself has a member named `class` and is no C++.
#pragma once

#include <cstddef>
#include <cstdint>

namespace usertcp {

struct VnetHeader {
  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t header_length = 0;
  std::uint16_t gso_size = 0;
  std::uint16_t checksum_start = 0;   // from the frame's first byte
  std::uint16_t checksum_offset = 0;  // from there
};

inline constexpr std::size_t kVnetHeader = 10;
static_assert(sizeof(VnetHeader) == kVnetHeader);

inline constexpr std::uint8_t kVnetNeedsChecksum = 1;
inline constexpr std::uint8_t kVnetDataValid = 2;
inline constexpr std::uint8_t kVnetGsoNone = 0;
inline constexpr std::uint8_t kVnetGsoTcp4 = 1;
inline constexpr std::uint8_t kVnetGsoUdpFragments = 3;
inline constexpr std::uint8_t kVnetGsoTcp6 = 4;
inline constexpr std::uint8_t kVnetGsoEcn = 0x80;

// Bytes in each of the segments that the frame is made of; 0 = it is as it was on the wire. Kernels before 4.14 may say how
// one datagram would be cut into fragments: it is one all the same.
inline std::uint16_t segment_size(const VnetHeader& vnet) {
  return vnet.gso_type == kVnetGsoNone || vnet.gso_type == kVnetGsoUdpFragments ? std::uint16_t{0} : vnet.gso_size;
}

}  // namespace usertcp
