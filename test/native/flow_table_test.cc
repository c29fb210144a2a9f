#include "core/flow_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace usertcp {
namespace {

// vectors_hsip32 of the reference implementation: HalfSipHash-2-4, key 00 01 .. 07, input 00 01 ..
TEST(HalfSipHash, VectorsOfTheReference) {
  const std::int32_t words[2] = {0x03020100, 0x07060504};
  const auto hash = [&](std::size_t count) {
    return half_siphash<2, 4>(0x03020100, 0x07060504, std::span(words).first(count));
  };
  EXPECT_EQ(hash(0), 0x5b9f35a9u);
  EXPECT_EQ(hash(1), 0x89466e2au);
}

// A writer as small as can be: what src/wire/flow-table.ts does, without growth and removal.
class Table {
 public:
  Table(std::uint32_t slots, std::uint32_t previous_slots) {
    words_.resize(kFlowHeaderWords + 2 * (slots + previous_slots));
    words_[kFlowMask] = static_cast<std::int32_t>(slots - 1);
    words_[kFlowArea] = kFlowHeaderWords;
    words_[kFlowPrevMask] = previous_slots == 0 ? -1 : static_cast<std::int32_t>(previous_slots - 1);
    words_[kFlowPrevArea] = static_cast<std::int32_t>(kFlowHeaderWords + 2 * slots);
    words_[kFlowKey0] = 0x12345678;
    words_[kFlowKey1] = -77;
  }
  void insert(const FlowKey& key, bool previous = false) {
    const auto row = static_cast<std::int32_t>(rows_.size() / kRowWords);
    rows_.resize(rows_.size() + kRowWords);
    std::copy(std::begin(key.words), std::end(key.words), rows_.end() - kRowWords);
    const std::int32_t tag = reader().hash(key);
    const std::int32_t mask = words_[previous ? kFlowPrevMask : kFlowMask];
    std::int32_t* slots = &words_[words_[previous ? kFlowPrevArea : kFlowArea]];
    std::int32_t slot = tag & mask;
    while (slots[2 * slot + 1] != 0) slot = (slot + 1) & mask;
    slots[2 * slot] = tag;
    slots[2 * slot + 1] = row + 1;
  }
  FlowTable reader() const { return {words_, rows_}; }
  std::vector<std::int32_t>& words() { return words_; }
  std::vector<std::int32_t>& rows() { return rows_; }

 private:
  std::vector<std::int32_t> words_;
  std::vector<std::int32_t> rows_;
};

FlowKey key4(int n) {
  FlowKey key;
  key.set_ipv4(80 << 16 | n, 0x0a000002, 0x0a000001);
  return key;
}
FlowKey key6(int n) { return {{80 << 16 | n, 1, 2, 3, 4, 5, 6, 7, n}}; }

TEST(FlowTable, FindsEveryFlowOfBothFamiliesAndNoOther) {
  Table table(1024, 0);
  for (int n = 0; n < 300; ++n) {
    table.insert(key4(n));
    table.insert(key6(n));
  }
  for (int n = 0; n < 300; ++n) {
    EXPECT_EQ(table.reader().find(key4(n)), 2 * n);
    EXPECT_EQ(table.reader().find(key6(n)), 2 * n + 1);
  }
  for (int n = 300; n < 1000; ++n) EXPECT_EQ(table.reader().find(key4(n)), -1);
}

TEST(FlowTable, LooksInBothAreasWhileTheTableGrows) {
  Table table(256, 128);
  for (int n = 0; n < 40; ++n) table.insert(key4(n), true);
  for (int n = 40; n < 80; ++n) table.insert(key4(n));
  for (int n = 0; n < 80; ++n) EXPECT_EQ(table.reader().find(key4(n)), n);
  EXPECT_EQ(table.reader().find(key4(80)), -1);
}

TEST(FlowTable, TheRowDecidesNotTheTag) {
  Table table(64, 0);
  table.insert(key4(1));
  table.rows()[4] ^= 1;  // another local address: as if the tag had met by chance
  EXPECT_EQ(table.reader().find(key4(1)), -1);
}

TEST(FlowTable, NeverReadsOutsideOfWhatItWasGiven) {
  Table table(64, 0);
  table.insert(key4(1));
  const FlowTable cut(std::span(table.words()).first(100), table.rows());
  EXPECT_EQ(cut.find(key4(1)), -1);
  EXPECT_EQ(FlowTable(table.words(), {}).find(key4(1)), -1);
  EXPECT_EQ(FlowTable().find(key4(1)), -1);
  for (std::size_t slot = 0; slot < 64; ++slot) table.words()[kFlowHeaderWords + 2 * slot + 1] = 1;  // no empty slot
  EXPECT_EQ(table.reader().find(key4(2)), -1);
}

}  // namespace
}  // namespace usertcp
