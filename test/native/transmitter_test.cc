// What leaves is read by the parser of the other direction, which checks every checksum.
#include "core/transmitter.h"

#include <gtest/gtest.h>

#include <memory>

#include "core/bytes.h"
#include "core/capture_device.h"
#include "core/headers.h"
#include "frames.h"

namespace usertcp {
namespace {

using test::Bytes;

class TransmitterTest : public testing::Test {
 protected:
  TransmitterTest() {
    const std::int32_t mapped = kMappedPrefix;
    const std::int32_t rows[2][9] = {{5000 << 16 | 6000, 0, 0, mapped, 0x0a000002, 0, 0, mapped, 0x0a000001},
                                     {5000 << 16 | 6000, 7, 0, 0, 2, 7, 0, 0, 1}};
    for (int row = 0; row < 2; ++row) std::copy_n(rows[row], 9, rows_.begin() + row * kRowWords);
    hops_[kHopMacHi] = 0x02000000;
    hops_[kHopMacLo] = 0x0009 << 16;
    hops_[kHopWords + kHopMacLo] = 77;  // tagged
    arena_ = test::some_bytes(200000);
  }

  Descriptor segment(int row, std::uint32_t length, std::uint32_t gso, std::uint32_t flags) {
    Descriptor d{};
    d.word[kTxKind] = kKindTcp;
    d.word[kTxRow] = row;
    d.word[kTxSeq] = -100;  // wraps on the way
    d.word[kTxAck] = 2000;
    d.word[kTxFlags] = static_cast<std::int32_t>(512u << 16 | flags);
    d.word[kTxOff] = 3;
    d.word[kTxLen] = d.word[kTxTotal] = static_cast<std::int32_t>(length);
    d.word[kTxGso] = static_cast<std::int32_t>(gso);
    d.word[kTxTsval] = 11;
    d.word[kTxTsecr] = 22;
    d.word[kTxOpts] = kOptTs;
    return d;
  }
  const std::vector<CaptureDevice::Sent>& send(Offload offload, std::vector<Descriptor> descs) {
    device_ = std::make_unique<CaptureDevice>(offload, MacAddress{2, 0, 0, 0, 0, 1});
    device_->refuse_gso = refuse_gso_;
    device_->behind = behind_;
    transmitter_->flush(*device_, {rows_, hops_, test::view(arena_), lent_}, descs);
    return device_->frames;
  }
  void use_vlan(std::uint16_t vlan) {
    transmitter_ = std::make_unique<Transmitter>(*find_checksum_kernel(""), Counters(counters_), vlan);
  }
  double counter(Counter c) const { return counters_[c]; }
  Bytes arena_bytes(std::size_t at, std::size_t count) const {
    return Bytes(arena_.begin() + at, arena_.begin() + at + count);
  }
  static Bytes payload_of(const CaptureDevice::Sent& sent) {
    const Parsed p = parse(sent.frame, {.vnet_flags = sent.vnet.flags}, *find_checksum_kernel("scalar"));
    EXPECT_EQ(p.drop, kNoCounter);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(sent.frame.data()) + p.desc.word[kRxOff];
    return Bytes(bytes, bytes + p.desc.word[kRxLen]);
  }
  static Descriptor parsed(const CaptureDevice::Sent& sent) {
    return parse(sent.frame, {.vnet_flags = sent.vnet.flags}, *find_checksum_kernel("scalar")).desc;
  }

  double counters_[kCounterCount] = {};
  std::vector<std::int32_t> rows_ = std::vector<std::int32_t>(2 * kRowWords);
  std::vector<std::int32_t> hops_ = std::vector<std::int32_t>(3 * kHopWords);
  Bytes arena_;
  std::vector<std::span<const std::byte>> lent_;
  bool refuse_gso_ = false;
  bool behind_ = false;
  std::unique_ptr<CaptureDevice> device_;
  std::unique_ptr<Transmitter> transmitter_ =
      std::make_unique<Transmitter>(*find_checksum_kernel(""), Counters(counters_));
};

TEST_F(TransmitterTest, GoesByASourceRoute) {
  const std::int32_t route[] = {8, 0x0a000009, 0x01830704, 0x0a000001};
  std::copy_n(route, 4, hops_.begin() + 2 * kHopWords);
  Descriptor d = segment(0, 100, 0, kAck);
  d.word[kTxHop] = 2 << 16;
  const auto& frames = send({}, {d});
  ASSERT_EQ(frames.size(), 1u);
  const auto* ip = reinterpret_cast<const std::uint8_t*>(frames[0].frame.data()) + kEthernetHeader;
  EXPECT_EQ(ip[0], 0x47);
  EXPECT_EQ(Bytes(ip + 16, ip + 28), (Bytes{10, 0, 0, 9, 1, 131, 7, 4, 10, 0, 0, 1}));
  // The pseudo-header has the end of the route: with the first hop in it, the checksum is wrong.
  EXPECT_EQ(parse(frames[0].frame, {}, *find_checksum_kernel("scalar")).drop, kDropTcpChecksum);
  for (const std::int32_t length : {0, 3, 44, -4}) {
    hops_[2 * kHopWords] = length;
    EXPECT_TRUE(send({}, {d}).empty());
  }
  d.word[kTxHop] = 3 << 16;
  EXPECT_TRUE(send({}, {d}).empty());
}

TEST_F(TransmitterTest, CutsWhereTheDeviceCannot) {
  for (const int row : {0, 1}) {
    for (const std::uint32_t total : {1449u, 2896u, 60000u, 3001u}) {
      const auto& frames = send({}, {segment(row, total, 1448, kAck | kPsh | kFin | kCwr)});
      ASSERT_EQ(frames.size(), (total + 1447) / 1448);
      Bytes joined;
      for (std::size_t i = 0; i < frames.size(); ++i) {
        const Descriptor d = parsed(frames[i]);
        const std::uint32_t ends = (i == 0 ? kCwr : 0) | (i + 1 == frames.size() ? kPsh | kFin : 0);
        EXPECT_EQ(d.word[kRxFlags] & 0xff, static_cast<int>(kAck | ends));
        EXPECT_EQ(d.word[kRxSeq], static_cast<int>(-100 + 1448 * i));
        EXPECT_EQ(d.word[kRxTsval], 11);
        EXPECT_EQ(frames[i].vnet.flags, 0);
        test::put(joined, payload_of(frames[i]));
      }
      EXPECT_EQ(joined, arena_bytes(3, total));
    }
  }
}

TEST_F(TransmitterTest, LeavesCuttingAndSummingToADeviceThatCan) {
  const auto& frames = send({true, true}, {segment(1, 60000, 1428, kAck | kCwr)});
  ASSERT_EQ(frames.size(), 1u);
  const VnetHeader& vnet = frames[0].vnet;
  EXPECT_EQ(vnet.gso_type, kVnetGsoTcp6 | kVnetGsoEcn);
  EXPECT_EQ(vnet.gso_size, 1428);
  EXPECT_EQ(vnet.header_length, 14 + 40 + 32);
  EXPECT_EQ(vnet.flags, kVnetNeedsChecksum);
  EXPECT_EQ(vnet.checksum_start, 54);
  EXPECT_EQ(vnet.checksum_offset, 16);
  EXPECT_EQ(payload_of(frames[0]), arena_bytes(3, 60000));
}

TEST_F(TransmitterTest, ThePartialChecksumIsThePseudoHeadersSum) {
  // A device sums from checksum_start on, the field included, and stores the complement.
  const auto& frames = send({true, false}, {segment(0, 1001, 0, kAck)});
  ASSERT_EQ(frames.size(), 1u);
  std::vector<std::byte> frame = frames[0].frame;
  const ChecksumKernel& kernel = *find_checksum_kernel("scalar");
  const std::size_t start = frames[0].vnet.checksum_start;
  const auto sum = static_cast<std::uint16_t>(~kernel.sum(frame.data() + start, frame.size() - start));
  std::memcpy(frame.data() + start + frames[0].vnet.checksum_offset, &sum, sizeof sum);
  EXPECT_EQ(parse(frame, {}, kernel).drop, kNoCounter);
}

TEST_F(TransmitterTest, GathersPiecesOfOddLengths) {
  Descriptor head = segment(0, 101, 700, kAck);
  Descriptor pieces{};
  Bytes expected = arena_bytes(3, 101);
  pieces.word[kTxKind] = kKindPiece;
  pieces.word[1] = 7;
  for (int i = 0; i < 7; ++i) {
    pieces.word[2 + 2 * i] = 5000 * (i + 1) + i;
    pieces.word[3 + 2 * i] = 333 + i;
    test::put(expected, arena_bytes(5000 * (i + 1) + i, 333 + i));
  }
  head.word[kTxKind] |= 1 << 8;
  head.word[kTxTotal] = static_cast<std::int32_t>(expected.size());
  for (const Offload offload : {Offload{}, Offload{true, false}, Offload{true, true}}) {
    Bytes joined;
    for (const auto& sent : send(offload, {head, pieces, segment(0, 9, 0, kAck)})) test::put(joined, payload_of(sent));
    Bytes with_last = expected;
    test::put(with_last, arena_bytes(3, 9));
    EXPECT_EQ(joined, with_last);
  }
}

TEST_F(TransmitterTest, PiecesOfLentRegions) {
  const Bytes lent = test::some_bytes(5000);
  lent_ = {{}, {}, test::view(lent)};
  Descriptor head = segment(0, 1000, 700, kAck);
  head.word[kTxOff] = 4000;
  head.word[kTxLen] |= 2 << kTxRegionShift;
  for (const Offload offload : {Offload{}, Offload{true, true}}) {
    Bytes joined;
    for (const auto& sent : send(offload, {head})) test::put(joined, payload_of(sent));
    EXPECT_EQ(joined, Bytes(lent.begin() + 4000, lent.end()));
  }
  head.word[kTxOff] = 4001;  // beyond the region's end, though not the arena's
  EXPECT_EQ(send({}, {head}).size(), 0u);
  head.word[kTxOff] = 0;
  head.word[kTxLen] = 1000 | 3 << kTxRegionShift;  // a region that was never lent
  EXPECT_EQ(send({}, {head}).size(), 0u);
  EXPECT_EQ(counter(kTxErrors), 2);
}

TEST_F(TransmitterTest, OptionsVlanTosTtlAndReservedBits) {
  Descriptor d = segment(0, 0, 0, kSyn | 0x100);
  arena_[100] = 2, arena_[101] = 4, arena_[102] = 5, arena_[103] = 0xb4;
  d.word[kTxOptOff] = 100;
  d.word[kTxOptLen] = 4;
  d.word[kTxHop] = 1;
  d.word[kTxIp] = 0x10 | 33 << 8;
  const auto& frames = send({}, {d});
  ASSERT_EQ(frames.size(), 1u);
  const Descriptor got = parsed(frames[0]);
  EXPECT_EQ(got.word[kRxL3L4] & 0xffff, 18);
  EXPECT_EQ(got.word[kRxIp], 4 << 24 | 33 << 8 | 0x10);
  EXPECT_EQ(got.word[kRxOpts] & 0xff, kOptTs | kOptMss);
  EXPECT_EQ(got.word[kRxFlags] & 0xfff, kSyn | 0x100);
  EXPECT_EQ(static_cast<int>(frames[0].frame[15]), 77);
}

TEST_F(TransmitterTest, TheTagOfTheLinkWhereTheHopNamesNoVlan) {
  use_vlan(10);
  hops_[2 * kHopWords + kHopMacLo] = 3 << 13;  // a priority without a VLAN
  const int expected[] = {10, 77, 3 << 13 | 10};
  for (const Offload offload : {Offload{}, Offload{true, false}, Offload{true, true}}) {
    for (const int hop : {0, 1, 2}) {
      for (const int row : {0, 1}) {
        // As long as a frame may be, tag and all.
        const std::uint32_t total = 65535 - 18 - (row == 0 ? 20 : 40) - 32;
        Descriptor d = segment(row, total, 1400, kAck);
        d.word[kTxHop] = hop;
        Bytes joined;
        for (const auto& sent : send(offload, {d})) {
          EXPECT_EQ(load_be16(sent.frame.data() + 12), kTypeVlan);
          EXPECT_EQ(load_be16(sent.frame.data() + 14), expected[hop]);
          EXPECT_EQ(parsed(sent).word[kRxL3L4], 18 | (row == 0 ? 38 : 58) << 16);
          EXPECT_EQ(sent.vnet.checksum_start, sent.vnet.flags == 0 ? 0 : row == 0 ? 38 : 58);
          test::put(joined, payload_of(sent));
        }
        EXPECT_EQ(joined, arena_bytes(3, total));
        d.word[kTxLen] = d.word[kTxTotal] = static_cast<std::int32_t>(total + 1);
        EXPECT_EQ(send(offload, {d}).size(), 0u);
      }
    }
  }
}

TEST_F(TransmitterTest, WholeFramesGetTheTagThatTheyLack) {
  use_vlan(10);
  const auto raw = [this](std::uint32_t at, const Bytes& frame) {
    std::copy(frame.begin(), frame.end(), arena_.begin() + at);
    Descriptor d{};
    d.word[kTxKind] = kKindRaw;
    d.word[kTxOff] = static_cast<std::int32_t>(at);
    d.word[kTxLen] = d.word[kTxTotal] = static_cast<std::int32_t>(frame.size());
    return d;
  };
  const auto sent = [](const Bytes& tags) { return test::ethernet(kTypeArp, test::arp(), tags); };
  const Bytes ours = {0x81, 0, 0, 10}, other = {0x81, 0, 0, 20}, priority = {0x81, 0, 0xe0, 0};
  Bytes both = ours;
  test::put(both, priority);
  const Bytes runt = {1, 2, 3};
  const auto& frames = send(
      {}, {raw(0, sent({})), raw(100, sent(ours)), raw(200, sent(other)), raw(300, sent(priority)), raw(400, runt)});
  const Bytes expected[] = {sent(ours), sent(ours), sent(other), sent(both), runt};
  ASSERT_EQ(frames.size(), 5u);
  for (int i = 0; i < 5; ++i) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(frames[i].frame.data());
    EXPECT_EQ(Bytes(bytes, bytes + frames[i].frame.size()), expected[i]) << i;
  }
}

TEST_F(TransmitterTest, UrgentPointerCountsFromEachSegment) {
  Descriptor d = segment(0, 3000, 1000, kAck | kUrg);
  d.word[kTxOpts] |= 1500 << 16;
  const auto& frames = send({true, true}, {d});
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(static_cast<std::uint32_t>(parsed(frames[0]).word[kRxOpts]) >> 16, 1500u);
  EXPECT_EQ(static_cast<std::uint32_t>(parsed(frames[1]).word[kRxOpts]) >> 16, 500u);
  EXPECT_EQ(parsed(frames[2]).word[kRxFlags] & kUrg, 0);
}

TEST_F(TransmitterTest, ADeviceThatRefusesSuperSegmentsGetsSegments) {
  refuse_gso_ = true;
  const std::vector<Descriptor> three = {segment(0, 10, 0, kAck), segment(0, 3000, 1000, kAck),
                                         segment(1, 2000, 1000, kAck)};
  Bytes joined;
  for (const auto& sent : send({true, true}, three)) test::put(joined, payload_of(sent));
  EXPECT_EQ(device_->frames.size(), 1u + 3 + 2);
  EXPECT_EQ(joined.size(), 5010u);
  EXPECT_EQ(counter(kGsoFallbacks), 1);
  EXPECT_EQ(send({true, true}, three).size(), 6u);
  EXPECT_EQ(counter(kGsoFallbacks), 1);
}

TEST_F(TransmitterTest, ManyDescriptorsAndRawFrames) {
  std::vector<Descriptor> descs(300, segment(0, 700, 0, kAck));
  Descriptor raw{};
  raw.word[kTxKind] = kKindRaw;
  raw.word[kTxOff] = 50;
  raw.word[kTxLen] = raw.word[kTxTotal] = 60;
  descs.push_back(raw);
  const auto& frames = send({}, descs);
  ASSERT_EQ(frames.size(), 301u);
  EXPECT_EQ(frames.back().frame.size(), 60u);
  EXPECT_EQ(counter(kTxFrames), 301);
  EXPECT_EQ(counter(kTxErrors), 0);
}

TEST_F(TransmitterTest, WhatPointsOutsideIsCountedNotSent) {
  std::vector<Descriptor> bad(12, segment(0, 10, 0, kAck));
  bad[0].word[kTxRow] = 2;
  bad[1].word[kTxRow] = -1;
  bad[2].word[kTxHop] = 9;
  bad[9].word[kTxHop] = -1;
  bad[3].word[kTxOff] = 199995;
  bad[4].word[kTxOff] = -4;
  bad[5].word[kTxOptLen] = 32;  // with timestamps more than 40
  bad[6].word[kTxTotal] = 11;
  bad[7].word[kTxKind] = 77;
  bad[8].word[kTxKind] |= 3 << 8;  // pieces that are not there
  bad[10].word[kTxOptLen] = 2;     // not whole words
  bad[11].word[kTxOptLen] = 4;
  bad[11].word[kTxOptOff] = 199998;
  std::swap(bad[8], bad[11]);  // what lacks its pieces ends the burst
  EXPECT_EQ(send({}, bad).size(), 0u);
  EXPECT_EQ(counter(kTxErrors), 12);
}

TEST_F(TransmitterTest, NoMorePiecesThanThereIsRoomFor) {
  // Exactly sized, so that a sanitizer sees what is read behind them.
  const auto with_pieces = [this](std::size_t pieces, std::int32_t pairs) {
    std::vector<Descriptor> descs(1 + pieces);
    descs.front() = segment(0, 1, 0, kAck);
    descs.front().word[kTxKind] |= static_cast<std::int32_t>(pieces << 8);
    descs.front().word[kTxTotal] = static_cast<std::int32_t>(1 + 7 * pieces);
    for (Descriptor& piece : std::span(descs).subspan(1)) {
      piece.word[kTxKind] = kKindPiece;
      piece.word[1] = pairs;
      for (int pair = 0; pair < 7; ++pair) piece.word[3 + 2 * pair] = 1;
    }
    descs.shrink_to_fit();
    return descs;
  };
  EXPECT_EQ(send({}, with_pieces(16, 7)).size(), 1u);
  EXPECT_EQ(payload_of(device_->frames.front()).size(), 113u);
  EXPECT_EQ(send({}, with_pieces(17, 7)).size(), 0u);
  EXPECT_EQ(send({}, with_pieces(255, 7)).size(), 0u);
  EXPECT_EQ(send({}, with_pieces(1, 8)).size(), 0u);
  EXPECT_EQ(send({}, with_pieces(1, 0x7fffffff)).size(), 0u);
  EXPECT_EQ(send({}, with_pieces(1, -1)).size(), 0u);
  EXPECT_EQ(counter(kTxErrors), 5);
  std::vector<Descriptor> cut_off = with_pieces(1, 7);
  cut_off.resize(1);
  EXPECT_EQ(send({}, {cut_off}).size(), 0u);
  EXPECT_EQ(counter(kTxErrors), 6);
}

TEST_F(TransmitterTest, WhatMayLagAloneGoesAside) {
  behind_ = true;
  const Descriptor ack = segment(0, 0, 0, kAck | kAckMayLag), opening = segment(1, 0, 0, kAck);
  const Descriptor text = segment(0, 1, 0, kAck), fin = segment(0, 0, 0, kAck | kFin), rst = segment(0, 0, 0, kRst);
  EXPECT_EQ(send({}, {ack, ack}).size(), 0u);
  EXPECT_EQ(device_->aside, 2u);
  EXPECT_EQ(counter(kTxAside), 2);
  EXPECT_EQ(counter(kTxFrames), 2);
  send({}, {ack, text, opening, ack, fin, ack, rst});
  EXPECT_EQ(device_->aside, 3u);
  ASSERT_EQ(device_->frames.size(), 4u);
  EXPECT_EQ(payload_of(device_->frames[0]).size(), 1u);
  EXPECT_EQ(parsed(device_->frames[1]).word[kRxFlags] & 0xffff, kAck);
  EXPECT_EQ(parsed(device_->frames[2]).word[kRxFlags] & 0xff, kAck | kFin);
  EXPECT_EQ(parsed(device_->frames[3]).word[kRxFlags] & 0xff, kRst);
  EXPECT_EQ(counter(kTxFrames), 9);
  behind_ = false;
  ASSERT_EQ(send({}, {ack}).size(), 1u);
  EXPECT_EQ(parsed(device_->frames[0]).word[kRxFlags] & 0xffff, kAck);
  EXPECT_EQ(counter(kTxAside), 5);
}

TEST_F(TransmitterTest, WholeFramesOutsideOfTheArena) {
  arena_.resize(100000);
  arena_.shrink_to_fit();
  Descriptor raw{};
  raw.word[kTxKind] = kKindRaw;
  for (const auto& [at, length] : {std::pair{99950, 51}, {-60, 60}, {0, 100001}, {100, -1}}) {
    raw.word[kTxOff] = at;
    raw.word[kTxLen] = raw.word[kTxTotal] = length;
    EXPECT_EQ(send({}, {raw}).size(), 0u) << at;
  }
  EXPECT_EQ(counter(kTxErrors), 4);
}

}  // namespace
}  // namespace usertcp
