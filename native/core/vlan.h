// IEEE 802.1Q: which VLAN a frame belongs to, and the tag it gets on the way out.
#pragma once

#include <cstring>

#include "bytes.h"
#include "headers.h"

namespace usertcp {

inline constexpr std::uint16_t kVlanIdMask = 0xfff;
inline constexpr std::uint32_t kLastVlan = 4094;
inline constexpr std::size_t kMacAddresses = 12;  // of a frame: the tag follows them

inline bool is_tag(std::uint16_t type) { return type == kTypeVlan || type == kTypeQinQ; }

// Whether a frame belongs to `vlan`; 0 = to none, as an untagged one and one with a priority tag (VID 0) does. Only the
// outer tag counts: a frame with another VLAN within belongs to somebody behind ours. Frames too short to tell pass
// where the untagged do; the parser counts them.
inline bool is_in_vlan(std::span<const std::byte> frame, const FrameMeta& meta, std::uint16_t vlan) {
  std::uint16_t wanted = vlan;  // 0 once it was seen
  if (meta.tag_type != 0) {
    if ((meta.tag_tci & kVlanIdMask) != wanted || (wanted != 0 && meta.tag_type != kTypeVlan)) return false;
    wanted = 0;
  }
  std::size_t at = kMacAddresses;
  for (int tags = 0; tags < 2 && frame.size() >= at + kVlanTag; ++tags, at += kVlanTag) {
    const std::uint16_t type = load_be16(frame.data() + at);
    if (!is_tag(type)) break;
    const std::uint16_t id = load_be16(frame.data() + at + 2) & kVlanIdMask;
    if (id != wanted || (wanted != 0 && type != kTypeVlan)) return false;
    wanted = 0;
  }
  return wanted == 0;
}

// Whether a whole frame must be given the tag of its link: it names no VLAN yet.
inline bool lacks_tag(std::span<const std::byte> frame) {
  if (frame.size() < kEthernetHeader) return false;
  if (!is_tag(load_be16(frame.data() + kMacAddresses)) || frame.size() < kMacAddresses + kVlanTag) return true;
  return (load_be16(frame.data() + kMacAddresses + 2) & kVlanIdMask) == 0;
}

// Addresses and tag of a frame, in place of its first kMacAddresses bytes. Returns the bytes written.
inline std::size_t write_tagged_addresses(std::byte* out, std::span<const std::byte> frame, std::uint16_t vlan) {
  std::memcpy(out, frame.data(), kMacAddresses);
  store_be16(out + kMacAddresses, kTypeVlan);
  store_be16(out + kMacAddresses + 2, vlan);
  return kMacAddresses + kVlanTag;
}

}  // namespace usertcp
