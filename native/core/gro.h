// Generic receive offload in software, for what the kernel did not merge: in-order segments of one flow within a
// burst become one super-segment. Nothing is copied: the payload stays in its slots and is listed as pieces.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "abi.h"

namespace usertcp {

// Frames in one burst; also the most descriptors it can make, because every piece was a frame. A burst gets one ACK (after a loss
// more, ADR 57), and what that ACK lets out a sender on this host sends in our softirq, holding its socket's lock: with 256 frames it
// waited for that lock, with 32 it works meanwhile (docs/performance.md).
inline constexpr std::uint32_t kMaxBurst = 32;

class Merger {
 public:
  void clear();
  void add(const Descriptor& segment);
  // Writes super-segments in the order of their first segment; returns the number of descriptors.
  std::uint32_t emit(std::span<Descriptor> out) const;
  std::uint32_t merged() const { return count_ - head_count_; }

 private:
  static constexpr std::uint16_t kNone = 0xffff;
  static constexpr std::uint32_t kLookBack = 8;

  struct Entry {
    Descriptor desc;      // of a head: of everything merged so far
    std::int32_t offset;  // of this segment's own payload
    std::int32_t length;
    std::uint16_t next;
    std::uint16_t last;
    std::uint16_t pieces;
  };

  // The open merge of a row, or an empty place in the table.
  std::uint16_t* find_open(std::int32_t row);
  void open(std::uint16_t entry);
  void append(Entry& head, std::uint16_t tail);

  std::array<Entry, kMaxBurst> entries_;
  std::array<std::uint16_t, kMaxBurst> heads_;
  std::array<std::uint16_t, kLookBack> open_;
  std::uint32_t count_ = 0;
  std::uint32_t head_count_ = 0;
  std::uint32_t evict_ = 0;
};

}  // namespace usertcp
