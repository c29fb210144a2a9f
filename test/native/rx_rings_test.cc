// Several rings read as one: the order of the frames is that of their time stamps.
#include "core/rx_rings.h"

#include <gtest/gtest.h>

#include <vector>

namespace usertcp {
namespace {

constexpr std::uint32_t kSlot = 256, kSlots = 4;

class RxRingsTest : public testing::Test {
 protected:
  RxRingsTest() {
    const RingGeometry geometry{kSlot, kSlots, kSlots};
    for (RingIndex index : {kSmallRing, kLargeRing, kNearRing}) {
      const std::uint32_t offset = index * kSlot * kSlots;
      rings_[index] = RxRing(memory_.data(), offset, geometry);
    }
  }

  // As the kernel: fills the ring's next slot.
  void arrives(RingIndex index, std::uint32_t second, std::uint32_t length, std::uint32_t snap = 0) {
    const std::uint32_t slot = index * kSlots + filled_[index]++ % kSlots;
    auto* header = reinterpret_cast<tpacket2_hdr*>(memory_.data() + slot * kSlot);
    header->tp_sec = second;
    header->tp_nsec = 0;
    header->tp_len = length;
    header->tp_snaplen = snap != 0 ? snap : length;
    header->tp_mac = kSlotHeadroom;
    header->tp_status = TP_STATUS_USER;
  }
  std::vector<std::uint32_t> read(std::size_t most = 16) {
    std::vector<RxFrame> frames(most);
    frames.resize(rings_.receive(frames, truncated_));
    std::vector<std::uint32_t> lengths;
    for (const RxFrame& frame : frames) lengths.push_back(frame.length);
    return lengths;
  }

  using Lengths = std::vector<std::uint32_t>;
  alignas(8) std::array<std::byte, kRings * kSlots * kSlot> memory_{};
  std::array<std::uint32_t, kRings> filled_{};
  RxRings rings_;
  std::uint64_t truncated_ = 0;
};

TEST_F(RxRingsTest, OldestFirstAcrossAllRings) {
  arrives(kNearRing, 1, 10);
  arrives(kLargeRing, 2, 20);
  arrives(kSmallRing, 3, 30);
  arrives(kNearRing, 4, 40);
  arrives(kSmallRing, 5, 50);
  EXPECT_TRUE(rings_.ready());
  EXPECT_EQ(read(), (Lengths{10, 20, 30, 40, 50}));
  EXPECT_FALSE(rings_.ready());
}

TEST_F(RxRingsTest, AsManyAsThereIsRoomForAndTheRestNextTime) {
  for (std::uint32_t i = 1; i <= 3; ++i) arrives(kNearRing, i, i);
  arrives(kSmallRing, 9, 9);
  EXPECT_EQ(read(2), (Lengths{1, 2}));
  EXPECT_EQ(read(), (Lengths{3, 9}));
}

TEST_F(RxRingsTest, TakenSlotsAreLentUntilRelease) {
  for (std::uint32_t i = 1; i <= kSlots; ++i) arrives(kSmallRing, i, i);
  EXPECT_EQ(read().size(), kSlots);
  EXPECT_FALSE(rings_.ready()) << "the slot after the last is the first one, which we hold";
  rings_.release();
  arrives(kSmallRing, 7, 7);
  EXPECT_EQ(read(), (Lengths{7}));
}

TEST_F(RxRingsTest, AFrameThatItsSlotCutIsCountedAndLeftOut) {
  arrives(kSmallRing, 1, 100, 60);
  arrives(kLargeRing, 2, 20);
  EXPECT_EQ(read(), (Lengths{20}));
  EXPECT_EQ(truncated_, 1u);
}

TEST_F(RxRingsTest, ARingWithoutSlotsHasNothing) {
  const RxRings none;
  EXPECT_FALSE(none.ready());
  EXPECT_FALSE(none[kAsideRing].holds(1));
}

}  // namespace
}  // namespace usertcp
