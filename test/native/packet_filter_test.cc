// The programs run where they will run: in the kernel. A filter on a Unix datagram socket sees the datagram as a frame.
#include "core/packet_filter.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "core/headers.h"
#include "core/unique_fd.h"
#include "frames.h"

namespace usertcp {
namespace {

using test::Bytes;

class Wire {
 public:
  explicit Wire(const std::vector<sock_filter>& program) {
    int fds[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
    in_ = UniqueFd(fds[0]);
    out_ = UniqueFd(fds[1]);
    sock_fprog fprog{static_cast<unsigned short>(program.size()), const_cast<sock_filter*>(program.data())};
    EXPECT_EQ(::setsockopt(out_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &fprog, sizeof fprog), 0) << errno;
  }
  bool passes(const Bytes& frame) {
    ::send(in_.get(), frame.data(), frame.size(), 0);
    Bytes got(frame.size() + 1);
    const ssize_t length = ::recv(out_.get(), got.data(), got.size(), 0);
    EXPECT_TRUE(length < 0 || static_cast<std::size_t>(length) == frame.size());
    return length > 0;
  }

 private:
  UniqueFd in_, out_;
};

Bytes to4(const Bytes& address, unsigned protocol, const Bytes& payload, const Bytes& tags = {},
          unsigned fragment = 0) {
  Bytes packet = test::ipv4(protocol, payload, {1, 1, 1, 0}, fragment);
  std::copy(address.begin(), address.end(), packet.begin() + 16);
  return test::ethernet(kTypeIpv4, packet, tags);
}
Bytes to6(const Bytes& address, unsigned next, const Bytes& payload) {
  Bytes packet = test::ipv6(next, payload);
  std::copy(address.begin(), address.end(), packet.begin() + 24);
  return test::ethernet(kTypeIpv6, packet);
}

Filter ours() {
  Filter filter;
  const auto prefix = static_cast<std::int32_t>(0xfd000000);
  filter.addresses = {{0, 0, 0xffff, 0x0a000003}, {0, 0, 0xffff, 0x0a000002}, {prefix, 0, 0, 9}, {prefix, 0, 0, 2}};
  return filter;
}

TEST(PacketFilter, LetsInWhatIsAddressedToUs) {
  Wire wire(make_filter_program(ours(), {}));
  EXPECT_TRUE(wire.passes(test::ethernet(kTypeArp, test::arp())));
  EXPECT_TRUE(wire.passes(to4(test::kTarget4, 6, test::tcp({}))));
  EXPECT_TRUE(wire.passes(to4({10, 0, 0, 3}, 1, test::icmp4(8, {}))));
  EXPECT_FALSE(wire.passes(to4({10, 0, 0, 4}, 6, test::tcp({}))));
  EXPECT_TRUE(wire.passes(to4({255, 255, 255, 255}, 17, {1})));
  EXPECT_TRUE(wire.passes(to4({224, 0, 0, 1}, 2, {1})));
  EXPECT_FALSE(wire.passes(to4({224, 0, 0, 251}, 17, {1})));
  EXPECT_TRUE(wire.passes(to6(test::kTarget6, 6, test::tcp({}))));
  EXPECT_FALSE(wire.passes(to6(test::kSource6, 6, test::tcp({}))));
  EXPECT_TRUE(wire.passes(to6({0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 2}, 58, test::icmp6(135, {}))));
  EXPECT_FALSE(wire.passes(test::ethernet(0x88cc, {1, 2, 3})));
  const Bytes tags = {0x88, 0xa8, 0, 6, 0x81, 0, 0, 5};
  EXPECT_TRUE(wire.passes(to4(test::kTarget4, 6, test::tcp({}), tags)));
  EXPECT_TRUE(wire.passes(to4(test::kTarget4, 6, test::tcp({}), {0x81, 0, 0, 5})));
  EXPECT_FALSE(wire.passes(to4({10, 0, 0, 4}, 6, test::tcp({}), tags)));
}

TEST(PacketFilter, SharedModeTakesOnlyItsPorts) {
  Filter filter = ours();
  filter.shared = true;
  filter.arp = false;
  filter.icmp = Filter::Icmp::kErrors;
  filter.ports = {{80, 80}, {4990, 4999}, {5001, 5001}};
  const auto port4 = [](unsigned port, const Bytes& address = test::kTarget4, unsigned fragment = 0) {
    Bytes segment = test::tcp({});
    test::patch16(segment, 2, port);
    return to4(address, 6, segment, {}, fragment);
  };
  const auto port6 = [](unsigned port) {
    Bytes segment = test::tcp({});
    test::patch16(segment, 2, port);
    return to6(test::kTarget6, 6, segment);
  };
  Wire wire(make_filter_program(filter, {}));
  for (const unsigned port : {80u, 4990u, 4995u, 4999u, 5001u}) {
    EXPECT_TRUE(wire.passes(port4(port))) << port;
    EXPECT_TRUE(wire.passes(port6(port))) << port;
  }
  for (const unsigned port : {22u, 4989u, 5000u, 5002u}) {
    EXPECT_FALSE(wire.passes(port4(port))) << port;
    EXPECT_FALSE(wire.passes(port6(port))) << port;
  }
  EXPECT_FALSE(wire.passes(port4(80, {10, 0, 0, 9})));
  EXPECT_FALSE(wire.passes(port4(80, test::kTarget4, 5)));  // a later fragment has no ports
  EXPECT_FALSE(wire.passes(test::ethernet(kTypeArp, test::arp())));
  EXPECT_FALSE(wire.passes(to4(test::kTarget4, 17, {0, 0, 0, 80})));
  EXPECT_FALSE(wire.passes(to4(test::kTarget4, 1, test::icmp4(8, {}))));
  EXPECT_FALSE(wire.passes(to4({255, 255, 255, 255}, 17, {1})));
  for (const unsigned type : {3u, 11u, 12u}) EXPECT_TRUE(wire.passes(to4(test::kTarget4, 1, test::icmp4(type, {}))));
  EXPECT_TRUE(wire.passes(to6(test::kTarget6, 58, test::icmp6(2, {}))));
  EXPECT_FALSE(wire.passes(to6(test::kTarget6, 58, test::icmp6(128, {}))));
  EXPECT_FALSE(wire.passes(to6(test::kTarget6, 58, test::icmp6(135, {}))));
  EXPECT_TRUE(wire.passes(to6(test::kTarget6, 58, test::icmp6(136, {}))));  // answers to our own questions
  EXPECT_FALSE(wire.passes(to6(test::kTarget6, 58, test::icmp6(137, {}))));
}

TEST(PacketFilter, LengthsDivideTheFramesBetweenTwoRings) {
  Wire small(make_filter_program(ours(), {.at_most = 200}));
  Wire large(make_filter_program(ours(), {.at_least = 201}));
  for (std::size_t payload = 120; payload < 140; ++payload) {
    const Bytes frame = to4(test::kTarget4, 6, test::tcp({.payload = test::some_bytes(payload)}));
    EXPECT_EQ(small.passes(frame), frame.size() <= 200);
    EXPECT_EQ(large.passes(frame), frame.size() > 200);
  }
}

TEST(PacketFilter, ClosedAndVeryManyAddresses) {
  EXPECT_FALSE(Wire(make_closed_program()).passes(test::ethernet(kTypeArp, test::arp())));
  Filter filter;
  for (int i = 0; i < 256; ++i) filter.addresses.push_back({0, 1, 2, i});
  EXPECT_LT(make_filter_program(filter, {}).size(), 4096u);
  EXPECT_FALSE(Wire(make_filter_program(filter, {})).passes(to4(test::kTarget4, 6, test::tcp({}))));
  filter.addresses.push_back({0, 1, 2, 256});
  Wire any(make_filter_program(filter, {}));
  EXPECT_TRUE(any.passes(to4(test::kTarget4, 6, test::tcp({}))));
  EXPECT_TRUE(any.passes(to6(test::kTarget6, 6, test::tcp({}))));
}

}  // namespace
}  // namespace usertcp
