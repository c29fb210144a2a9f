// Long frames of which a slot has the head, and a socket the whole.
#include "core/frame_queue.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "core/rx_rings.h"
#include "core/unique_fd.h"

namespace usertcp {
namespace {

constexpr std::uint32_t kSlot = 256, kSlots = 64;

class FrameQueueTest : public testing::Test {
 protected:
  FrameQueueTest() : memory_(kSlots * kSlot + FrameQueue::kBytes) {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
    kernel_ = UniqueFd(fds[0]);
    ours_ = UniqueFd(fds[1]);
    const int enough = 4 << 20;
    ::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &enough, sizeof enough);
    rings_[kHeadRing] = RxRing(memory_.data(), 0, {kSlot, kSlots, kSlots});
    rings_.queue(FrameQueue(fds[1], memory_.data(), kSlots * kSlot));
  }

  // A slot with the head, and the frame behind its vnet header in the queue: every byte of it is `fill`.
  void arrives(std::uint32_t length, char fill) {
    slot_filled(length);
    const std::vector<char> message(kVnetHeader + length, fill);
    ASSERT_EQ(::send(kernel_.get(), message.data(), message.size(), 0), static_cast<ssize_t>(message.size()));
  }
  void slot_filled(std::uint32_t length) {
    auto* header = reinterpret_cast<tpacket2_hdr*>(memory_.data() + filled_++ % kSlots * kSlot);
    header->tp_sec = filled_;
    header->tp_nsec = 0;
    header->tp_len = length;
    header->tp_snaplen = 100;
    header->tp_mac = kSlotHeadroom;
    header->tp_status = TP_STATUS_USER | TP_STATUS_COPY;
  }

  // What the frames are filled with, each as often as its bytes say the same and its length is right.
  std::string read(std::size_t most = 64) {
    std::vector<RxFrame> frames(most);
    frames.resize(rings_.receive(frames, truncated_));
    std::string fills;
    for (const RxFrame& frame : frames) {
      const auto* bytes = reinterpret_cast<const char*>(memory_.data() + frame.meta.offset);
      for (std::uint32_t i = 0; i < frame.length; ++i) EXPECT_EQ(bytes[i], bytes[0]);
      fills += bytes[0];
    }
    return fills;
  }

  std::vector<std::byte> memory_;
  UniqueFd kernel_, ours_;
  RxRings rings_;
  std::uint32_t filled_ = 0;
  std::uint64_t truncated_ = 0;
};

TEST_F(FrameQueueTest, EachSlotGetsItsFrame) {
  arrives(3000, 'a');
  arrives(60'000, 'b');
  arrives(2100, 'c');
  EXPECT_EQ(read(), "abc");
  EXPECT_EQ(read(), "");
  EXPECT_EQ(truncated_, 0u);
}

TEST_F(FrameQueueTest, WhatWasReadAheadIsThereTheNextTime) {
  for (const char fill : {'a', 'b', 'c'}) arrives(3000, fill);
  EXPECT_EQ(read(2), "ab");
  rings_.release();
  arrives(3000, 'd');
  EXPECT_EQ(read(), "cd");
}

TEST_F(FrameQueueTest, ABurstEndsWhereTheMemoryDoes) {
  for (const char fill : {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'}) arrives(65'000, fill);
  EXPECT_EQ(read(), "abcdefgh");
  EXPECT_EQ(read(), "") << "they are lent";
  rings_.release();
  EXPECT_EQ(read(), "i");
}

TEST_F(FrameQueueTest, MoreFramesThanOneReadTakes) {
  for (std::uint32_t i = 0; i < FrameQueue::kMost + 3; ++i) arrives(2100, 'x');
  EXPECT_EQ(read().size(), FrameQueue::kMost + 3);
}

TEST_F(FrameQueueTest, AFrameThatNeverFitsDoesNotStopTheOthers) {
  slot_filled(FrameQueue::kBytes);
  EXPECT_EQ(read(), "");
  EXPECT_EQ(truncated_, 1u);
  rings_.release();
  arrives(3000, 'b');
  EXPECT_EQ(read(), "b");
}

TEST_F(FrameQueueTest, OutOfStepItLosesWhatThereIsAndGoesOn) {
  slot_filled(3000);
  arrives(4000, 'b');
  arrives(5000, 'c');
  EXPECT_EQ(read(), "");
  EXPECT_EQ(truncated_, 3u);
  rings_.release();
  arrives(3000, 'd');
  EXPECT_EQ(read(), "d");
}

}  // namespace
}  // namespace usertcp
