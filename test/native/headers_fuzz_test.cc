// Under AddressSanitizer every frame lies in memory of exactly its own size: one byte too far is a failed test.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

#include "core/headers.h"
#include "frames.h"

namespace usertcp {
namespace {

using test::Bytes;

std::vector<Bytes> valid_frames() {
  using namespace test;
  Bytes chain = {60, 0, 1, 4, 0, 0, 0, 0, 51, 0, 1, 4, 0, 0, 0, 0, 44, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1};
  put(chain, {6, 0, 0, 0, 0, 0, 0, 9});
  put(chain, tcp({.v6 = true, .options = kSynOptions, .payload = some_bytes(9)}));
  return {
      ethernet(kTypeIpv4, ipv4(6, tcp({.flags = 2, .options = kSynOptions}))),
      ethernet(kTypeIpv4, ipv4(6, tcp({.options = kTimestamps, .payload = some_bytes(33)}), {1, 1, 1, 0})),
      ethernet(kTypeIpv4, ipv4(1, icmp4(8, some_bytes(20))), {0x81, 0, 0, 5}),
      ethernet(kTypeIpv4, ipv4(17, some_bytes(12))),
      ethernet(kTypeIpv6, ipv6(6, tcp({.v6 = true, .options = kTimestamps, .payload = some_bytes(7)}))),
      ethernet(kTypeIpv6, ipv6(0, chain)),
      ethernet(kTypeIpv6, ipv6(58, icmp6(135, some_bytes(24)))),
      ethernet(kTypeIpv6, ipv6(44, {6, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3})),
      ethernet(kTypeArp, arp()),
  };
}

Parsed parse_in_exact_memory(const Bytes& frame, const FrameMeta& meta) {
  const auto memory = std::make_unique<std::byte[]>(frame.size());
  std::copy(frame.begin(), frame.end(), reinterpret_cast<std::uint8_t*>(memory.get()));
  return parse({memory.get(), frame.size()}, meta, *find_checksum_kernel(""));
}

void expect_inside(const Parsed& p, std::size_t frame) {
  if (p.drop != kNoCounter) {
    EXPECT_LT(p.drop, kCounterCount);
    return;
  }
  const auto word = [&p](int index) { return static_cast<std::uint32_t>(p.desc.word[index]); };
  EXPECT_LE(std::uint64_t{word(kRxOff)} + word(kRxLen), frame);
  EXPECT_LE(word(kRxL3L4) & 0xffff, frame);
  EXPECT_LE(word(kRxL3L4) >> 16, frame);
}

TEST(HeadersFuzz, EveryTruncationOfEveryFrame) {
  for (const Bytes& frame : valid_frames()) {
    ASSERT_EQ(parse_in_exact_memory(frame, {}).drop, kNoCounter);
    for (std::size_t length = 0; length < frame.size(); ++length) {
      const Parsed p = parse_in_exact_memory(Bytes(frame.begin(), frame.begin() + length), {});
      EXPECT_NE(p.drop, kNoCounter) << length << " of " << frame.size();
    }
  }
}

TEST(HeadersFuzz, MutatedFrames) {
  std::mt19937 random(20240607);
  const std::vector<Bytes> seeds = valid_frames();
  for (int i = 0; i < 100000; ++i) {
    Bytes frame = seeds[random() % seeds.size()];
    if (random() % 4 == 0) frame.resize(random() % (frame.size() + 1));
    const std::size_t changes = 1 + random() % 8;
    for (std::size_t c = 0; c < changes && !frame.empty(); ++c) {
      // Headers are where lengths are: most changes go there.
      const std::size_t reach = random() % 4 == 0 ? frame.size() : std::min<std::size_t>(frame.size(), 80);
      frame[random() % reach] = static_cast<std::uint8_t>(random());
    }
    // Trusted frames reach the code behind the transport checksum.
    FrameMeta meta;
    meta.vnet_flags = random() % 2 ? kVnetNeedsChecksum : 0;
    meta.gso_size = random() % 4 == 0 ? static_cast<std::uint16_t>(random()) : 0;
    // A wrong IPv4 header checksum would hide the rest: put it right most of the time.
    const std::size_t l3 = 14;
    if (frame.size() >= l3 + 20 && random() % 8 != 0 && frame[12] == 8 && frame[13] == 0) {
      const std::size_t header = std::min<std::size_t>((frame[l3] & 15) * 4, frame.size() - l3);
      if (header >= 20) {
        test::patch16(frame, l3 + 10, 0);
        const Bytes bytes(frame.begin() + l3, frame.begin() + l3 + header);
        test::patch16(frame, l3 + 10, 0xffff & ~test::naive_sum(bytes));
      }
    }
    expect_inside(parse_in_exact_memory(frame, meta), frame.size());
    if (HasFailure()) FAIL() << "case " << i;
  }
}

TEST(HeadersFuzz, RandomBytes) {
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    Bytes frame(random() % 200);
    for (std::uint8_t& byte : frame) byte = static_cast<std::uint8_t>(random());
    expect_inside(parse_in_exact_memory(frame, {}), frame.size());
  }
}

}  // namespace
}  // namespace usertcp
