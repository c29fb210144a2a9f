// Frames made by hand, byte by byte and without the code under test: the checksum here is the naive one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace usertcp::test {

using Bytes = std::vector<std::uint8_t>;

inline std::span<const std::byte> view(const Bytes& bytes) { return std::as_bytes(std::span(bytes)); }

inline void put16(Bytes& out, unsigned v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8));
  out.push_back(static_cast<std::uint8_t>(v));
}
inline void put32(Bytes& out, std::uint32_t v) {
  put16(out, v >> 16);
  put16(out, v & 0xffff);
}
inline void put(Bytes& out, const Bytes& more) { out.insert(out.end(), more.begin(), more.end()); }

// RFC 1071 §1 as it is written: 16-bit words, last byte padded with zero.
inline std::uint16_t naive_sum(const Bytes& data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < data.size(); i += 2) {
    sum += data[i] << 8 | (i + 1 < data.size() ? data[i + 1] : 0);
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(sum);
}

inline void patch16(Bytes& out, std::size_t at, unsigned v) {
  out[at] = static_cast<std::uint8_t>(v >> 8);
  out[at + 1] = static_cast<std::uint8_t>(v);
}

inline Bytes ethernet(unsigned type, const Bytes& payload, const Bytes& tags = {}) {
  Bytes out = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
  put(out, tags);
  put16(out, type);
  put(out, payload);
  return out;
}

inline const Bytes kSource4 = {10, 0, 0, 1};
inline const Bytes kTarget4 = {10, 0, 0, 2};
inline const Bytes kSource6 = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
inline const Bytes kTarget6 = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};

inline Bytes ipv4(unsigned protocol, const Bytes& payload, const Bytes& options = {}, unsigned fragment = 0x4000) {
  Bytes out;
  put16(out, (0x45 + options.size() / 4) << 8);
  put16(out, static_cast<unsigned>(20 + options.size() + payload.size()));
  put16(out, 7);
  put16(out, fragment);
  put16(out, 64 << 8 | protocol);
  put16(out, 0);
  put(out, kSource4);
  put(out, kTarget4);
  put(out, options);
  patch16(out, 10, 0xffff & ~naive_sum(out));
  put(out, payload);
  return out;
}

// `next` is of the first header in `payload`, which may be an extension header.
inline Bytes ipv6(unsigned next, const Bytes& payload) {
  Bytes out;
  put32(out, 0x60000000);
  put16(out, static_cast<unsigned>(payload.size()));
  put16(out, next << 8 | 64);
  put(out, kSource6);
  put(out, kTarget6);
  put(out, payload);
  return out;
}

inline Bytes pseudo(bool v6, unsigned protocol, std::size_t length) {
  Bytes out = v6 ? kSource6 : kSource4;
  put(out, v6 ? kTarget6 : kTarget4);
  put32(out, static_cast<std::uint32_t>(length));
  put32(out, protocol);
  return out;
}

struct Tcp {
  bool v6 = false;
  unsigned flags = 0x10;
  std::uint32_t seq = 1000, ack = 2000;
  Bytes options = {};
  Bytes payload = {};
};

inline Bytes tcp(const Tcp& t) {
  Bytes out;
  put16(out, 6000);
  put16(out, 5000);
  put32(out, t.seq);
  put32(out, t.ack);
  put16(out, static_cast<unsigned>((20 + t.options.size()) / 4 << 12 | t.flags));
  put16(out, 512);
  put16(out, 0);
  put16(out, 0);
  put(out, t.options);
  put(out, t.payload);
  Bytes summed = pseudo(t.v6, 6, out.size());
  put(summed, out);
  patch16(out, 16, 0xffff & ~naive_sum(summed));
  return out;
}

inline Bytes icmp4(unsigned type, const Bytes& payload) {
  Bytes out = {static_cast<std::uint8_t>(type), 0, 0, 0, 0, 1, 0, 1};
  put(out, payload);
  patch16(out, 2, 0xffff & ~naive_sum(out));
  return out;
}

inline Bytes icmp6(unsigned type, const Bytes& payload) {
  Bytes out = {static_cast<std::uint8_t>(type), 0, 0, 0, 0, 1, 0, 1};
  put(out, payload);
  Bytes summed = pseudo(true, 58, out.size());
  put(summed, out);
  patch16(out, 2, 0xffff & ~naive_sum(summed));
  return out;
}

inline Bytes arp() {
  Bytes out = {0, 1, 8, 0, 6, 4, 0, 1};
  put(out, {2, 0, 0, 0, 0, 2});
  put(out, kSource4);
  put(out, {0, 0, 0, 0, 0, 0});
  put(out, kTarget4);
  return out;
}

inline Bytes some_bytes(std::size_t count) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8));
  return out;
}

inline const Bytes kTimestamps = {1, 1, 8, 10, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};
inline const Bytes kSynOptions = {2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7};

}  // namespace usertcp::test
