// Messages for one sendmmsg: headers in slots of its own, payload by reference to the arena.
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "segment.h"

namespace usertcp {

class TxBatch {
 public:
  static constexpr std::uint32_t kMessages = 64;
  // Up to this many payload bytes are copied behind the headers instead of being referred to.
  static constexpr std::uint32_t kInline = 256;

  bool empty() const { return count_ == 0; }
  bool full() const { return count_ == kMessages || iov_count_ + 1 + Payload::kMostPieces > kIovecs; }
  bool has_gso() const { return has_gso_; }
  std::uint32_t count() const { return count_; }
  mmsghdr* messages() { return messages_.data(); }
  std::uint32_t owner(std::uint32_t message) const { return owner_[message]; }
  bool is_gso(std::uint32_t message) const { return gso_[message]; }
  std::size_t bytes(std::uint32_t first, std::uint32_t count) const;
  void clear();
  // Drops the messages whose descriptor `which` says.
  template <class Which>
  void erase_if(Which which) {
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < count_; ++i) {
      if (which(owner_[i])) continue;
      messages_[kept] = messages_[i];
      owner_[kept] = owner_[i];
      bytes_[kept] = bytes_[i];
      gso_[kept++] = gso_[i];
    }
    count_ = kept;
  }

  // Begins a message for descriptor `owner`; the frame's own header bytes go to the place returned.
  std::byte* begin(std::uint32_t owner, const VnetHeader& vnet);
  // Bytes of the frame that were written at that place.
  void set_header(std::size_t bytes);
  void add(std::span<const std::byte> payload);

 private:
  static constexpr std::uint32_t kIovecs = 512;
  static constexpr std::uint32_t kFrameAt = 16;
  static constexpr std::uint32_t kSlot = 448;
  static_assert(kFrameAt + kMaxHeaders + kInline <= kSlot, "headers and inline payload");

  struct alignas(64) Slot {
    std::byte bytes[kSlot];
  };

  std::array<mmsghdr, kMessages> messages_;
  std::array<Slot, kMessages> slots_;
  std::array<iovec, kIovecs> iovecs_;
  std::array<std::uint32_t, kMessages> owner_;
  std::array<std::uint32_t, kMessages> bytes_;
  std::array<bool, kMessages> gso_;
  std::uint32_t count_ = 0;
  std::uint32_t iov_count_ = 0;
  bool has_gso_ = false;
};

}  // namespace usertcp
