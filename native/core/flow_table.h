// Reader of the flow table (FLOW_* in abi.ts). TypeScript is its only writer; both run on one thread, so a lookup
// never sees half a change.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "abi.h"
#include "halfsiphash.h"

namespace usertcp {

inline constexpr std::uint32_t kMappedPrefix = 0x0000ffff;

// The nine identity words of a row: ports, local address, remote address.
struct FlowKey {
  std::int32_t words[9];

  void set_ipv4(std::int32_t ports, std::int32_t local, std::int32_t remote) {
    words[0] = ports;
    words[1] = words[2] = words[5] = words[6] = 0;
    words[3] = words[7] = kMappedPrefix;
    words[4] = local;
    words[8] = remote;
  }
  bool is_mapped(int word) const {
    return words[word] == 0 && words[word + 1] == 0 && words[word + 2] == static_cast<std::int32_t>(kMappedPrefix);
  }
  bool is_ipv4() const { return is_mapped(kRowLaddr) && is_mapped(kRowRaddr); }
};

class FlowTable {
 public:
  FlowTable() = default;
  FlowTable(std::span<const std::int32_t> table, std::span<const std::int32_t> rows) : table_(table), rows_(rows) {}

  std::int32_t hash(const FlowKey& key) const {
    const auto k0 = static_cast<std::uint32_t>(table_[kFlowKey0]);
    const auto k1 = static_cast<std::uint32_t>(table_[kFlowKey1]);
    if (!key.is_ipv4()) return static_cast<std::int32_t>(half_siphash<1, 3>(k0, k1, key.words));
    const std::int32_t words[3] = {key.words[0], key.words[4], key.words[8]};
    return static_cast<std::int32_t>(half_siphash<1, 3>(k0, k1, words));
  }

  // The row of this flow, or -1.
  std::int32_t find(const FlowKey& key) const {
    if (table_.size() < static_cast<std::size_t>(kFlowHeaderWords)) return -1;
    const std::int32_t tag = hash(key);
    const std::int32_t row = find_in(kFlowMask, kFlowArea, tag, key);
    if (row >= 0 || table_[kFlowPrevMask] == -1) return row;
    return find_in(kFlowPrevMask, kFlowPrevArea, tag, key);
  }

 private:
  std::int32_t find_in(int mask_word, int area_word, std::int32_t tag, const FlowKey& key) const {
    const auto mask = static_cast<std::uint32_t>(table_[mask_word]);
    const auto area = static_cast<std::uint32_t>(table_[area_word]);
    if (area + 2 * (std::uint64_t{mask} + 1) > table_.size()) return -1;
    const std::int32_t* slots = table_.data() + area;
    std::uint32_t slot = static_cast<std::uint32_t>(tag) & mask;
    for (std::uint32_t probe = 0; probe <= mask; ++probe, slot = (slot + 1) & mask) {
      const std::int32_t row = slots[2 * slot + 1] - 1;
      if (row < 0) return -1;
      if (slots[2 * slot] == tag && identity_equals(row, key)) return row;
    }
    return -1;
  }

  bool identity_equals(std::int32_t row, const FlowKey& key) const {
    const std::size_t at = static_cast<std::size_t>(row) * kRowWords;
    if (at + kRowWords > rows_.size()) return false;
    return std::memcmp(rows_.data() + at + kRowPorts, key.words, sizeof key.words) == 0;
  }

  std::span<const std::int32_t> table_;
  std::span<const std::int32_t> rows_;
};

}  // namespace usertcp
