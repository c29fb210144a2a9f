// From the bytes of a frame to a receive descriptor: a pure function, no table, no state, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "abi.h"
#include "checksum.h"
#include "flow_table.h"
#include "vnet_header.h"

namespace usertcp {

inline constexpr std::size_t kEthernetHeader = 14;
inline constexpr std::size_t kVlanTag = 4;
inline constexpr std::uint16_t kTypeIpv4 = 0x0800;
inline constexpr std::uint16_t kTypeArp = 0x0806;
inline constexpr std::uint16_t kTypeVlan = 0x8100;
inline constexpr std::uint16_t kTypeQinQ = 0x88a8;
inline constexpr std::uint16_t kTypeIpv6 = 0x86dd;
inline constexpr std::uint8_t kProtocolIcmp4 = 1;
inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::uint8_t kProtocolUdp = 17;
inline constexpr std::uint8_t kProtocolIcmp6 = 58;

// What came with a frame besides its bytes.
struct FrameMeta {
  std::uint32_t offset = 0;     // of the frame in the receive memory
  std::uint8_t vnet_flags = 0;  // kVnet*
  std::uint16_t gso_size = 0;   // 0 = as it was on the wire
  // The outer tag, where the kernel takes it off; type 0 = it took none.
  std::uint16_t tag_type = 0;
  std::uint16_t tag_tci = 0;
};

struct Parsed {
  Descriptor desc{};
  FlowKey key;                // set for KIND_TCP
  Counter drop = kNoCounter;  // why the frame is not for anybody
};

// RX_OFF, RX_LEN, RX_TOTAL: the TCP payload; for other IP kinds what follows the IP headers that were read (the
// ICMP message, the UDP header and data, the fragment's data); for ARP the ARP packet.
Parsed parse(std::span<const std::byte> frame, const FrameMeta& meta, const ChecksumKernel& checksum);

}  // namespace usertcp
