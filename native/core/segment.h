// Headers of outgoing TCP segments, made from a transmit descriptor and the identity words of its row.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "abi.h"
#include "checksum.h"
#include "device.h"

namespace usertcp {

// Ethernet with a tag, IPv4 and TCP with every option byte.
inline constexpr std::size_t kMaxHeaders = kEthernetHeader + kVlanTag + 60 + 60;

// What descriptors refer to.
struct TxRegions {
  std::span<const std::int32_t> rows;
  std::span<const std::int32_t> hops;
  std::span<const std::byte> arena;
  // Buffers of the user's own by region number; element 0 is not used, region 0 is the arena.
  std::span<const std::span<const std::byte>> lent;
};

// A part of a super-segment's payload that travels as one segment.
struct Slice {
  std::uint32_t offset;
  std::uint32_t length;
  bool first;
  bool last;
};

class SegmentHeaders {
 public:
  // Empty when the descriptor points outside of the regions. `vlan` is for hops that name none.
  static std::optional<SegmentHeaders> make(const Descriptor& desc, const TxRegions& regions, const MacAddress& source,
                                            std::uint16_t vlan);

  // Writes the headers of one slice with the TCP checksum field zero.
  void write(std::byte* out, const Slice& slice, const ChecksumKernel& checksum) const;
  // The checksum field for a device that completes it: the pseudo-header's sum, not inverted.
  void write_partial_checksum(std::byte* out, std::uint32_t payload) const;
  // The whole checksum, given the payload's sum.
  void write_checksum(std::byte* out, std::uint32_t payload, std::uint16_t payload_sum,
                      const ChecksumKernel& checksum) const;

  std::uint32_t size() const { return size_; }
  std::uint32_t l4() const { return l4_; }
  bool ipv6() const { return ipv6_; }

 private:
  SegmentHeaders() = default;
  void write_ethernet(const std::int32_t* hop, const MacAddress& source, std::uint16_t vlan);
  void write_ip(const Descriptor& desc, const std::int32_t* row);
  void write_route(const std::int32_t* route);
  void write_tcp(const Descriptor& desc, const std::int32_t* row, std::span<const std::byte> more_options);
  std::uint16_t pseudo_sum(std::uint32_t payload) const;

  std::array<std::byte, kMaxHeaders> bytes_;
  std::uint32_t l3_ = 0, l4_ = 0, size_ = 0;
  std::uint32_t seq_ = 0, flags_ = 0, urgent_ = 0;
  std::uint16_t addresses_sum_ = 0;
  bool ipv6_ = false;
};

// The payload of a descriptor and its PIECE descriptors, as stretches of the arena or of lent regions.
class Payload {
 public:
  static constexpr std::uint32_t kMostPieces = 1 + 16 * kPairsPerPiece;

  // False when it does not add up or points outside of its region. `descs` begins with the head.
  bool load(std::span<const Descriptor> descs, const TxRegions& regions);

  // The stretches of [offset, offset + length), in order. Slices are asked for in rising order.
  template <class Visit>
  void visit(std::uint32_t offset, std::uint32_t length, Visit visit) {
    while (length > 0) {
      while (offset >= start_ + pieces_[piece_].size()) start_ += static_cast<std::uint32_t>(pieces_[piece_++].size());
      const std::span<const std::byte> rest = pieces_[piece_].subspan(offset - start_);
      const auto part = rest.first(rest.size() < length ? rest.size() : length);
      visit(part);
      offset += static_cast<std::uint32_t>(part.size());
      length -= static_cast<std::uint32_t>(part.size());
    }
  }
  std::uint32_t total() const { return total_; }
  std::uint32_t pieces() const { return count_; }

 private:
  bool push(std::int32_t offset, std::int32_t length, const TxRegions& regions);

  std::array<std::span<const std::byte>, kMostPieces> pieces_;
  std::uint32_t count_ = 0, total_ = 0;
  std::uint32_t piece_ = 0, start_ = 0;  // where the last visit ended
};

}  // namespace usertcp
