// Frames too long for a slot that has room for their head alone: the kernel keeps them (PACKET_COPY_THRESH, in the order of
// their slots) until they are read, so that they are copied by the core that handles them and not by the one that sends
// (ADR 55).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "device.h"

namespace usertcp {

class FrameQueue {
 public:
  // Most frames that are read at once.
  static constexpr std::uint32_t kMost = 32;
  // So much stays in a cache of 1 MB until it is looked at; more than seven of the longest.
  static constexpr std::uint32_t kBytes = 512 * 1024;

  // `offset`: where in `memory` kBytes are.
  FrameQueue(int fd, std::byte* memory, std::uint32_t offset) : fd_(fd), memory_(memory), offset_(offset) {}

  // Whether the next frame, of `length` bytes, can be taken before release(). One that never fits can: it is lost then.
  bool has_room(std::uint32_t length) const { return next_ < end_ || used_ == 0 || fits(length); }
  // Where the next frame is, whose metadata its slot has told; `lengths` of it and of those known to wait behind it. False
  // when it could not be read whole.
  bool take(std::span<const std::uint32_t> lengths, RxFrame& frame);
  // What was taken may be written over.
  void release();

 private:
  struct Read {
    std::uint32_t offset;
    std::uint32_t length;
  };

  bool fits(std::uint32_t length) const;
  void read(std::span<const std::uint32_t> lengths);
  void forget();

  int fd_;
  std::byte* memory_;
  std::uint32_t offset_;
  // Bytes that are in use.
  std::uint32_t used_ = 0;
  // Read and not taken yet: [next_, end_).
  std::array<Read, kMost> read_;
  std::uint32_t next_ = 0, end_ = 0;
};

}  // namespace usertcp
