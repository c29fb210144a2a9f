// From a device's frames to descriptors: who they are for, and of which VLAN they are.
#include "core/receiver.h"

#include <gtest/gtest.h>

#include "core/capture_device.h"
#include "core/vlan.h"
#include "frames.h"

namespace usertcp {
namespace {

using test::Bytes;

// Shows the frames that it is given once.
class ShownDevice final : public CaptureDevice {
 public:
  explicit ShownDevice(MacAddress mac) : CaptureDevice({}, mac) { memory_ = *Mapping::allocate(1 << 20); }
  std::size_t receive(std::span<RxFrame> frames) override {
    std::copy(shown_.begin(), shown_.end(), frames.begin());
    return std::exchange(shown_, {}).size();
  }
  const Shared<Mapping>& memory() const override { return memory_; }
  void show(const Bytes& frame, std::uint16_t tag_type = 0, std::uint16_t tag_tci = 0) {
    RxFrame rx{};
    rx.meta.offset = static_cast<std::uint32_t>(4096 * shown_.size());
    rx.meta.tag_type = tag_type;
    rx.meta.tag_tci = tag_tci;
    rx.length = static_cast<std::uint32_t>(frame.size());
    std::copy(frame.begin(), frame.end(), reinterpret_cast<std::uint8_t*>(memory_->data()) + rx.meta.offset);
    shown_.push_back(rx);
  }

 private:
  Shared<Mapping> memory_;
  std::vector<RxFrame> shown_;
};

class ReceiverTest : public testing::Test {
 protected:
  // The ARP packets delivered of those shown.
  std::uint32_t delivered(std::uint16_t vlan) {
    const auto receiver = std::make_unique<Receiver>(*find_checksum_kernel(""), Counters(counters_), vlan);
    return receiver->burst(device_, FlowTable(), descs_).descriptors;
  }
  static Bytes arp(const Bytes& tags = {}) { return test::ethernet(kTypeArp, test::arp(), tags); }

  double counters_[kCounterCount] = {};
  ShownDevice device_{MacAddress{2, 0, 0, 0, 0, 1}};
  std::array<Descriptor, 64> descs_;
};

const Bytes kTen = {0x81, 0, 0x60, 10};  // with a priority
const Bytes kTwenty = {0x81, 0, 0, 20};
const Bytes kPriority = {0x81, 0, 0xe0, 0};
const Bytes kService = {0x88, 0xa8, 0, 10};

Bytes joined(const Bytes& a, const Bytes& b) {
  Bytes out = a;
  test::put(out, b);
  return out;
}

TEST_F(ReceiverTest, AnUntaggedLinkTakesWhatNamesNoVlan) {
  device_.show(arp());
  device_.show(arp(kPriority));
  device_.show(arp(), kTypeVlan, 0xe000);
  device_.show(arp(kPriority), kTypeVlan, 0);
  EXPECT_EQ(delivered(0), 4u);
  device_.show(arp(kTen));
  device_.show(arp(), kTypeVlan, 10);
  device_.show(arp(joined(kPriority, kTen)));
  device_.show(arp(kTen), kTypeVlan, 0);
  device_.show(arp(kService));
  device_.show(arp(), kTypeQinQ, 10);
  EXPECT_EQ(delivered(0), 0u);
  EXPECT_EQ(counters_[kDropVlan], 6);
}

TEST_F(ReceiverTest, ALinkOfAVlanTakesItsFramesOnly) {
  device_.show(arp(kTen));
  device_.show(arp(), kTypeVlan, 3 << 13 | 10);
  device_.show(arp(joined(kTen, kPriority)));
  device_.show(arp(kPriority), kTypeVlan, 10);
  EXPECT_EQ(delivered(10), 4u);
  device_.show(arp());
  device_.show(arp(kTwenty));
  device_.show(arp(), kTypeVlan, 20);
  device_.show(arp(kPriority));
  device_.show(arp(joined(kTen, kTwenty)));
  device_.show(arp(kTwenty), kTypeVlan, 10);
  device_.show(arp(joined(kPriority, kTen)));
  device_.show(arp(kService));
  device_.show(arp(), kTypeQinQ, 10);
  device_.show(arp(kTen), kTypeQinQ, 10);
  EXPECT_EQ(delivered(10), 0u);
  EXPECT_EQ(counters_[kDropVlan], 10);
  EXPECT_EQ(counters_[kDropNotOurs], 0);
}

TEST_F(ReceiverTest, AnotherMacAndAGroup) {
  Bytes frame = arp();
  frame[5] = 9;
  device_.show(frame);
  frame[0] = 3;
  device_.show(frame);
  device_.show(Bytes(13, 2));
  EXPECT_EQ(delivered(0), 1u);
  EXPECT_EQ(counters_[kDropNotOurs], 1);
  EXPECT_EQ(counters_[kDropShort], 1);
}

TEST_F(ReceiverTest, FramesThatEndInATag) {
  const Bytes whole = arp(joined(kTen, kPriority));
  for (std::size_t length = 0; length < 22; ++length) {
    const std::vector<std::byte> exact(test::view(whole).begin(),
                                       test::view(whole).begin() + static_cast<long>(length));
    EXPECT_EQ(is_in_vlan(exact, {}, 10), length >= 16) << length;
    EXPECT_EQ(is_in_vlan(exact, {}, 0), length < 16) << length;
    EXPECT_EQ(lacks_tag(exact), length == 14 || length == 15) << length;
  }
}

}  // namespace
}  // namespace usertcp
