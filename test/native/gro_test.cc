#include "core/gro.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace usertcp {
namespace {

Descriptor data(int row, std::int32_t seq, std::int32_t length, std::int32_t flags = kAck) {
  static_assert(kRxOff != kRxSeq);
  Descriptor d{};
  d.word[kRxKind] = kKindTcp;
  d.word[kRxRow] = row;
  d.word[kRxSeq] = seq;
  d.word[kRxAck] = 5;
  d.word[kRxFlags] = flags | 100 << 16;
  d.word[kRxOff] = 10 * seq;  // tells the pieces apart
  d.word[kRxLen] = d.word[kRxTotal] = length;
  d.word[kRxGso] = 1 << 16;
  d.word[kRxOpts] = 32 << 8 | kOptTs;
  d.word[kRxIp] = 4 << 24 | 64 << 8;
  return d;
}

std::vector<Descriptor> merge(const std::vector<Descriptor>& in) {
  const auto merger = std::make_unique<Merger>();
  merger->clear();
  for (const Descriptor& d : in) merger->add(d);
  std::vector<Descriptor> out(in.size());
  out.resize(merger->emit(out));
  return out;
}

TEST(Merger, InOrderSegmentsBecomeOneWithPieces) {
  std::vector<Descriptor> in;
  for (int i = 0; i < 10; ++i) in.push_back(data(1, 100 * i, 100));
  in[3].word[kRxIp] |= 1 << 16;
  in[4].word[kRxIp] |= 1 << 16;
  in[9].word[kRxFlags] = kAck | kPsh | 333 << 16;
  in[9].word[kRxTsval] = 8;
  in[9].word[kRxTsecr] = 9;
  const auto out = merge(in);
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].word[kRxKind], kKindTcp | 2 << 8);
  EXPECT_EQ(out[0].word[kRxLen], 100);
  EXPECT_EQ(out[0].word[kRxTotal], 1000);
  EXPECT_EQ(out[0].word[kRxGso], 10 << 16 | 100);
  EXPECT_EQ(out[0].word[kRxFlags], kAck | kPsh | 333 << 16);
  EXPECT_EQ(out[0].word[kRxTsval], 0);
  EXPECT_EQ(out[0].word[kRxTsecr], 9);
  EXPECT_EQ(out[0].word[kRxIp] >> 16 & 0xff, 2);
  EXPECT_EQ(out[1].word[kRxKind], kKindPiece);
  EXPECT_EQ(out[1].word[1], 7);
  EXPECT_EQ(out[1].word[2], 1000);
  EXPECT_EQ(out[1].word[3], 100);
  EXPECT_EQ(out[2].word[1], 2);
  EXPECT_EQ(out[2].word[4], 9000);
}

TEST(Merger, InterleavedFlows) {
  std::vector<Descriptor> in;
  for (int i = 0; i < 4; ++i) {
    for (int row = 0; row < 8; ++row) in.push_back(data(row, 100 * i, 100));
  }
  const auto out = merge(in);
  ASSERT_EQ(out.size(), 16u);
  for (int row = 0; row < 8; ++row) {
    EXPECT_EQ(out[2 * row].word[kRxRow], row);
    EXPECT_EQ(out[2 * row].word[kRxTotal], 400);
  }
}

TEST(Merger, OrderWithinAFlowStays) {
  // A pure ACK between two segments of data must not be overtaken by the second.
  const auto out = merge({data(1, 0, 100), data(1, 100, 0), data(1, 100, 100), data(1, 200, 100)});
  ASSERT_EQ(out.size(), 4u);
  EXPECT_EQ(out[0].word[kRxTotal], 100);
  EXPECT_EQ(out[1].word[kRxTotal], 0);
  EXPECT_EQ(out[2].word[kRxTotal], 200);
}

TEST(Merger, WhatIsNotMerged) {
  const Descriptor first = data(1, 0, 100);
  const auto separate = [&](Descriptor second) { return merge({first, second})[0].word[kRxTotal] == 100; };
  EXPECT_TRUE(separate(data(2, 100, 100)));
  EXPECT_TRUE(separate(data(1, 101, 100)));  // a hole
  EXPECT_TRUE(separate(data(1, 100, 101)));  // longer than the first
  EXPECT_TRUE(separate(data(1, 100, 100, kAck | kRst)));
  EXPECT_TRUE(separate(data(1, 100, 100, kAck | kUrg)));
  EXPECT_TRUE(separate(data(1, 100, 100, kAck | kEce)));
  Descriptor other = data(1, 100, 100);
  other.word[kRxAck] = 6;
  EXPECT_TRUE(separate(other));
  other = data(1, 100, 100);
  other.word[kRxOpts] |= kOptSack;
  EXPECT_TRUE(separate(other));
  other = data(1, 100, 100);
  other.word[kRxTsval] = -1;  // older
  EXPECT_TRUE(separate(other));
  other = data(1, 100, 100);
  other.word[kRxIp] ^= 0x10;  // DSCP
  EXPECT_TRUE(separate(other));
  other = data(1, 100, 100);
  other.word[kRxIp] ^= 0x100;  // TTL
  EXPECT_TRUE(separate(other));
  other = data(1, 100, 100);
  other.word[kRxGso] = 2 << 16 | 50;  // two, shorter than the first
  EXPECT_TRUE(separate(other));
  Descriptor with_sack = data(1, 0, 100);
  with_sack.word[kRxOpts] |= kOptSack;
  other = data(1, 100, 100);
  other.word[kRxOpts] |= kOptSack;
  EXPECT_EQ(merge({with_sack, other})[0].word[kRxTotal], 100);
  EXPECT_FALSE(separate(data(1, 100, 100)));
  EXPECT_EQ(merge({data(-1, 0, 100), data(-1, 100, 100)}).size(), 2u);  // no flow known
}

TEST(Merger, WhatCameByASourceRouteStaysAlone) {
  for (int which = 0; which < 2; ++which) {
    std::vector<Descriptor> in = {data(1, 0, 100), data(1, 100, 100)};
    in[which].word[kRxKind] |= kRxRouted << 16;
    EXPECT_EQ(merge(in).size(), 2u);
  }
}

TEST(Merger, PshFinAndShortSegmentsEndAMerge) {
  EXPECT_EQ(merge({data(1, 0, 100, kAck | kPsh), data(1, 100, 100)}).size(), 2u);
  EXPECT_EQ(merge({data(1, 0, 100), data(1, 100, 100, kAck | kFin), data(1, 201, 100)}).size(), 3u);
  EXPECT_EQ(merge({data(1, 0, 100), data(1, 100, 50), data(1, 150, 50)}).size(), 3u);
}

TEST(Merger, TheCountOfMarksStaysInItsByte) {
  Descriptor first = data(1, 0, 20000);
  first.word[kRxGso] = 200 << 16 | 100;
  first.word[kRxIp] |= 200 << 16;
  Descriptor second = first;
  second.word[kRxSeq] = 20000;
  const auto out = merge({first, second});
  EXPECT_EQ(out[0].word[kRxTotal], 40000);
  EXPECT_EQ(out[0].word[kRxIp], 4 << 24 | 255 << 16 | 64 << 8);
}

TEST(Merger, LimitsOfPiecesAndBytes) {
  std::vector<Descriptor> in;
  for (std::uint32_t i = 0; i < kMaxBurst; ++i) in.push_back(data(1, 10 * i, 10));
  auto out = merge(in);
  EXPECT_EQ(out[0].word[kRxTotal], 290);
  EXPECT_EQ(out[0].word[kRxKind] >> 8, 4);
  EXPECT_EQ(out[5].word[kRxTotal], 30);

  // Super-segments of the kernel: 64 KB at most together.
  Descriptor big = data(1, 0, 40000);
  big.word[kRxGso] = 40 << 16 | 1000;
  Descriptor next = big;
  next.word[kRxSeq] = 40000;
  EXPECT_EQ(merge({big, next})[0].word[kRxTotal], 40000);
  next.word[kRxLen] = next.word[kRxTotal] = 25536;
  next.word[kRxGso] = 26 << 16 | 1000;
  EXPECT_EQ(merge({big, next})[0].word[kRxTotal], 40000);
  next.word[kRxLen] = next.word[kRxTotal] = 20000;
  next.word[kRxGso] = 20 << 16 | 1000;
  out = merge({big, next});
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].word[kRxTotal], 60000);
  EXPECT_EQ(out[0].word[kRxGso], 60 << 16 | 1000);
}

}  // namespace
}  // namespace usertcp
