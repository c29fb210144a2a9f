#include "core/headers.h"

#include <gtest/gtest.h>

#include <map>

#include "frames.h"

namespace usertcp {
namespace {

using test::Bytes;

Parsed parse_bytes(const Bytes& frame, FrameMeta meta = {}) {
  return parse(test::view(frame), meta, *find_checksum_kernel(""));
}
std::uint32_t word(const Parsed& p, int index) { return static_cast<std::uint32_t>(p.desc.word[index]); }
int kind(const Parsed& p) { return p.desc.word[kRxKind] & 0xff; }
Counter drop_of(const Bytes& frame, FrameMeta meta = {}) { return parse_bytes(frame, meta).drop; }

TEST(Headers, TcpOverIpv4) {
  const Bytes payload = test::some_bytes(100);
  const Bytes frame = test::ethernet(
      kTypeIpv4, test::ipv4(6, test::tcp({.flags = 0x18, .options = test::kTimestamps, .payload = payload})));
  const Parsed p = parse_bytes(frame, {.offset = 5000});
  ASSERT_EQ(p.drop, kNoCounter);
  EXPECT_EQ(word(p, kRxKind), std::uint32_t{kKindTcp});
  EXPECT_EQ(p.desc.word[kRxRow], -1);
  EXPECT_EQ(word(p, kRxSeq), 1000u);
  EXPECT_EQ(word(p, kRxAck), 2000u);
  EXPECT_EQ(word(p, kRxFlags), 512u << 16 | kPsh | kAck);
  EXPECT_EQ(word(p, kRxOff), 5000u + 14 + 20 + 32);
  EXPECT_EQ(word(p, kRxLen), 100u);
  EXPECT_EQ(word(p, kRxTotal), 100u);
  EXPECT_EQ(word(p, kRxGso), 1u << 16);
  EXPECT_EQ(word(p, kRxTsval), 0x11223344u);
  EXPECT_EQ(word(p, kRxTsecr), 0x55667788u);
  EXPECT_EQ(word(p, kRxOpts), 32u << 8 | kOptTs);
  EXPECT_EQ(word(p, kRxFrame), 5000u);
  EXPECT_EQ(word(p, kRxL3L4), 34u << 16 | 14);
  EXPECT_EQ(word(p, kRxIp), 4u << 24 | 64u << 8);
  EXPECT_EQ(word(p, kRxFrameLen), frame.size());
  EXPECT_EQ(p.key.words[0], 5000 << 16 | 6000);
  EXPECT_EQ(p.key.words[4], 0x0a000002);
  EXPECT_EQ(p.key.words[8], 0x0a000001);
  EXPECT_TRUE(p.key.is_ipv4());
}

TEST(Headers, DatagramsThatTravelTogether) {
  Bytes udp = {0x10, 0x92, 0x13, 0x88, 0x0b, 0xc0, 0, 0};
  udp.resize(8 + 3000 - 1);
  const Bytes frame = test::ethernet(kTypeIpv4, test::ipv4(17, udp));
  const auto together = [&](std::uint16_t size) { return word(parse_bytes(frame, {.gso_size = size}), kRxGso); };
  // The last one may be shorter; one alone is none of several.
  EXPECT_EQ(together(1000), 3u << 16 | 1000);
  EXPECT_EQ(together(3000), 1u << 16);
  EXPECT_EQ(together(0), 1u << 16);
  EXPECT_EQ(word(parse_bytes(frame, {.gso_size = 1000}), kRxLen), udp.size());
  const Bytes cut(udp.begin(), udp.begin() + 7);
  EXPECT_EQ(word(parse_bytes(test::ethernet(kTypeIpv4, test::ipv4(17, cut)), {.gso_size = 1}), kRxGso), 1u << 16);
}

TEST(Headers, SynOptionsAtEveryAlignment) {
  for (std::size_t shift = 0; shift < 4; ++shift) {
    Bytes moved(shift, 1);  // NOPs in front
    test::put(moved, test::kSynOptions);
    while (moved.size() % 4 != 0) moved.push_back(0);
    const Parsed p = parse_bytes(test::ethernet(kTypeIpv4, test::ipv4(6, test::tcp({.flags = 2, .options = moved}))));
    ASSERT_EQ(p.drop, kNoCounter);
    EXPECT_EQ(word(p, kRxOpts) & 0xff, std::uint32_t{kOptMss | kOptSackOk | kOptTs | kOptWs});
    EXPECT_EQ(word(p, kRxTsval), 9u);
  }
}

TEST(Headers, IllegalOptionLengthsStopTheWalk) {
  const std::map<Bytes, std::uint32_t> cases = {
      {{2, 0, 0, 0}, kOptBad},  // length 0 would never end
      {{2, 1, 0, 0}, kOptBad},
      {{2, 5, 0, 0}, kOptBad},   // beyond the header
      {{1, 1, 8, 10}, kOptBad},  // its values would lie behind the frame
      {{77, 9, 0, 0}, kOptBad},
      {{1, 1, 1, 2}, kOptBad},              // no room for a length
      {{3, 4, 0, 0}, kOptBad},              // not the length of window scale
      {{5, 8, 0, 0, 0, 0, 0, 0}, kOptBad},  // SACK blocks are eight bytes
      {{3, 3, 7, 0}, kOptWs},
      {{0, 2, 0, 0}, 0},  // EOL: what follows is not read
      {{77, 4, 0, 0}, kOptOther},
      {{3, 3, 7, 77, 2, 1, 2, 0}, kOptWs | kOptOther | kOptBad},
      {{1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2}, kOptSack},
  };
  for (const auto& [options, expected] : cases) {
    const Parsed p = parse_bytes(test::ethernet(kTypeIpv4, test::ipv4(6, test::tcp({.options = options}))));
    EXPECT_EQ(word(p, kRxOpts) & 0xff, expected) << testing::PrintToString(options);
  }
}

TEST(Headers, TcpOverIpv6BehindExtensionHeaders) {
  const Bytes segment = test::tcp({.v6 = true, .payload = {1, 2, 3}});
  Bytes chain = {43, 0, 1, 4, 0, 0, 0, 0};                  // hop-by-hop with PadN, then routing
  test::put(chain, {60, 0, 2, 0, 0, 0, 0, 0});              // routing, no segments left, then destination options
  test::put(chain, {51, 0, 0, 0, 0, 0, 0, 0});              // Pad1 six times, then authentication
  test::put(chain, {44, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1});  // then fragment
  test::put(chain, {6, 0, 0, 0, 0, 0, 0, 9});               // whole packet in one fragment (RFC 6946)
  test::put(chain, segment);
  const Parsed p = parse_bytes(test::ethernet(kTypeIpv6, test::ipv6(0, chain)));
  ASSERT_EQ(p.drop, kNoCounter);
  EXPECT_EQ(kind(p), kKindTcp);
  EXPECT_EQ(word(p, kRxLen), 3u);
  EXPECT_EQ(word(p, kRxL3L4) >> 16, 14u + 40 + 44);
  EXPECT_EQ(word(p, kRxIp) >> 24, 6u);
  EXPECT_EQ(p.key.words[1], static_cast<std::int32_t>(0xfd000000));
  EXPECT_EQ(p.key.words[4], 2);
  EXPECT_EQ(p.key.words[8], 1);
}

TEST(Headers, Ipv6ChainsThatEndElsewhere) {
  const auto kind_of = [](unsigned next, const Bytes& payload) {
    const Parsed p = parse_bytes(test::ethernet(kTypeIpv6, test::ipv6(next, payload)));
    return p.drop == kNoCounter ? kind(p) : -static_cast<int>(p.drop);
  };
  EXPECT_EQ(kind_of(59, {}), kKindOther);                                                // no next header
  EXPECT_EQ(kind_of(50, {1, 2, 3}), kKindOther);                                         // ESP
  EXPECT_EQ(kind_of(43, {6, 0, 0, 1, 0, 0, 0, 0}), kKindOther);                          // segments left
  EXPECT_EQ(kind_of(60, {6, 0, 0x80, 0, 0, 0, 0, 0}), kKindOther);                       // option that wants an answer
  EXPECT_EQ(kind_of(60, {6, 0, 1, 9, 0, 0, 0, 0}), -kDropExtension);                     // option beyond its header
  EXPECT_EQ(kind_of(60, {0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0}), kKindOther);  // hop-by-hop second
  EXPECT_EQ(kind_of(44, {6, 0, 0, 1, 0, 0, 0, 9, 1, 2}), kKindFragment);                 // first of several
  EXPECT_EQ(kind_of(44, {6, 0, 0, 8, 0, 0, 0, 9, 1, 2}), kKindFragment);                 // a later one
  EXPECT_EQ(kind_of(0, {6, 1, 1, 4, 0, 0, 0, 0}), -kDropExtension);                      // longer than the packet
  Bytes many;
  for (int i = 0; i < 9; ++i) test::put(many, {60, 0, 1, 4, 0, 0, 0, 0});
  EXPECT_EQ(kind_of(60, many), -kDropExtension);
}

TEST(Headers, MappedAddressesOnTheWireAreNobodys) {
  Bytes packet = test::ipv6(6, test::tcp({.v6 = true}));
  for (std::size_t at : {8u, 24u}) {
    Bytes mapped = packet;
    std::fill_n(mapped.begin() + at, 10, 0);
    mapped[at + 10] = mapped[at + 11] = 0xff;
    EXPECT_EQ(drop_of(test::ethernet(kTypeIpv6, mapped)), kDropNotOurs);
  }
}

TEST(Headers, VlanTagsArpIcmpUdpFragments) {
  const Bytes ping = test::ipv4(1, test::icmp4(8, test::some_bytes(56)));
  EXPECT_EQ(kind(parse_bytes(test::ethernet(kTypeIpv4, ping))), kKindIcmp4);
  const Bytes tag = {0x81, 0, 0, 5}, outer = {0x88, 0xa8, 0, 6, 0x81, 0, 0, 5};
  EXPECT_EQ(word(parse_bytes(test::ethernet(kTypeIpv4, ping, tag)), kRxL3L4) & 0xffff, 18u);
  EXPECT_EQ(word(parse_bytes(test::ethernet(kTypeIpv4, ping, outer)), kRxL3L4) & 0xffff, 22u);
  EXPECT_EQ(drop_of(test::ethernet(kTypeIpv4, ping, {0x88, 0xa8, 0, 6, 0x81, 0, 0, 5, 0x81, 0, 0, 5})), kDropEthertype);

  EXPECT_EQ(kind(parse_bytes(test::ethernet(kTypeArp, test::arp()))), kKindArp);
  EXPECT_EQ(kind(parse_bytes(test::ethernet(kTypeIpv6, test::ipv6(58, test::icmp6(128, {1}))))), kKindIcmp6);
  EXPECT_EQ(kind(parse_bytes(test::ethernet(kTypeIpv4, test::ipv4(17, {1, 2, 3})))), kKindUdp);
  EXPECT_EQ(kind(parse_bytes(test::ethernet(kTypeIpv4, test::ipv4(47, {1, 2, 3})))), kKindOther);
  EXPECT_EQ(kind(parse_bytes(test::ethernet(kTypeIpv4, test::ipv4(6, {1, 2, 3}, {}, 0x2000)))), kKindFragment);
  EXPECT_EQ(kind(parse_bytes(test::ethernet(kTypeIpv4, test::ipv4(6, {1, 2, 3}, {}, 0x0001)))), kKindFragment);
  EXPECT_EQ(drop_of(test::ethernet(0x1234, {})), kDropEthertype);

  Bytes broadcast = test::ethernet(kTypeArp, test::arp());
  broadcast[0] = 0xff;
  EXPECT_EQ(word(parse_bytes(broadcast), kRxKind) >> 16, std::uint32_t{kRxMulticast});
}

TEST(Headers, PaddingIsNotPayload) {
  Bytes frame = test::ethernet(kTypeIpv4, test::ipv4(6, test::tcp({.payload = {9}})));
  frame.resize(60, 0xee);
  const Parsed p = parse_bytes(frame);
  ASSERT_EQ(p.drop, kNoCounter);
  EXPECT_EQ(word(p, kRxLen), 1u);
  EXPECT_EQ(word(p, kRxFrameLen), 60u);
}

TEST(Headers, OptionsOfIpv4AreSkipped) {
  const Bytes frame = test::ethernet(kTypeIpv4, test::ipv4(6, test::tcp({.payload = {9}}), {1, 1, 1, 0}));
  EXPECT_EQ(word(parse_bytes(frame), kRxL3L4) >> 16, 38u);
}

TEST(Headers, SourceRoutesOfIpv4AreMarked) {
  const auto routed = [](const Bytes& options) {
    const Parsed p = parse_bytes(test::ethernet(kTypeIpv4, test::ipv4(kProtocolUdp, Bytes(8), options)));
    EXPECT_EQ(p.drop, kNoCounter);
    return (p.desc.word[kRxKind] >> 16 & kRxRouted) != 0;
  };
  EXPECT_TRUE(routed({131, 7, 8, 10, 0, 0, 9, 0}));
  EXPECT_TRUE(routed({1, 137, 7, 4, 10, 0, 0, 9}));
  EXPECT_TRUE(routed({148, 4, 0, 0, 131, 3, 4, 0}));
  EXPECT_FALSE(routed({148, 4, 0, 0}));
  EXPECT_FALSE(routed({0, 131, 3, 4}));  // behind the end
  EXPECT_FALSE(routed({1, 1, 1, 1}));
}

TEST(Headers, NonsenseAmongOptionsOfIpv4MayHideASourceRoute) {
  for (const Bytes& options : {Bytes{148, 1, 131, 3}, Bytes{7, 0, 131, 3}, Bytes{1, 1, 1, 148}, Bytes{7, 5, 0, 0}}) {
    const Parsed p = parse_bytes(test::ethernet(kTypeIpv4, test::ipv4(kProtocolUdp, Bytes(8), options)));
    EXPECT_EQ(p.drop, kDropIpHeader);
  }
}

TEST(Headers, EachFlippedBitOfAChecksummedPartIsSeen) {
  const Bytes good = test::ethernet(kTypeIpv4, test::ipv4(6, test::tcp({.payload = test::some_bytes(11)})));
  for (std::size_t at = 14; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes bad = good;
      bad[at] ^= static_cast<std::uint8_t>(1 << bit);
      EXPECT_NE(drop_of(bad), kNoCounter) << at << "." << bit;
    }
  }
}

TEST(Headers, ChecksumsAreNotAskedOfTrustedFrames) {
  Bytes frame = test::ethernet(kTypeIpv4, test::ipv4(6, test::tcp({})));
  frame[50] ^= 1;
  EXPECT_EQ(drop_of(frame), kDropTcpChecksum);
  EXPECT_EQ(drop_of(frame, {.vnet_flags = kVnetNeedsChecksum}), kNoCounter);
  EXPECT_EQ(drop_of(frame, {.vnet_flags = kVnetDataValid}), kNoCounter);
}

TEST(Headers, SuperFrames) {
  Bytes packet = test::ipv4(6, test::tcp({.payload = test::some_bytes(3000)}));
  packet[1] = 3;  // CE
  test::patch16(packet, 10, 0);
  test::patch16(packet, 10, 0xffff & ~test::naive_sum(Bytes(packet.begin(), packet.begin() + 20)));
  const Parsed p = parse_bytes(test::ethernet(kTypeIpv4, packet), {.vnet_flags = 1, .gso_size = 1448});
  EXPECT_EQ(word(p, kRxGso), 3u << 16 | 1448);
  EXPECT_EQ(word(p, kRxIp) >> 16 & 0xff, 3u);

  test::patch16(packet, 2, 0);  // BIG TCP: no length
  test::patch16(packet, 10, 0);
  test::patch16(packet, 10, 0xffff & ~test::naive_sum(Bytes(packet.begin(), packet.begin() + 20)));
  EXPECT_EQ(drop_of(test::ethernet(kTypeIpv4, packet), {.vnet_flags = 1}), kDropIpLength);
  EXPECT_EQ(word(parse_bytes(test::ethernet(kTypeIpv4, packet), {.vnet_flags = 1, .gso_size = 1448}), kRxLen), 3000u);
}

}  // namespace
}  // namespace usertcp
