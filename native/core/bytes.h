// Loads and stores at any alignment, in network order.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace usertcp {

static_assert(std::endian::native == std::endian::little || std::endian::native == std::endian::big);

inline std::uint16_t to_be16(std::uint16_t v) {
  return std::endian::native == std::endian::little ? __builtin_bswap16(v) : v;
}
inline std::uint32_t to_be32(std::uint32_t v) {
  return std::endian::native == std::endian::little ? __builtin_bswap32(v) : v;
}

inline std::uint8_t load_8(const std::byte* p) { return static_cast<std::uint8_t>(*p); }
inline std::uint16_t load_be16(const std::byte* p) {
  std::uint16_t v;
  std::memcpy(&v, p, sizeof v);
  return to_be16(v);
}
inline std::uint32_t load_be32(const std::byte* p) {
  std::uint32_t v;
  std::memcpy(&v, p, sizeof v);
  return to_be32(v);
}
inline void store_8(std::byte* p, std::uint32_t v) { *p = static_cast<std::byte>(v); }
inline void store_be16(std::byte* p, std::uint32_t v) {
  const std::uint16_t be = to_be16(static_cast<std::uint16_t>(v));
  std::memcpy(p, &be, sizeof be);
}
inline void store_be32(std::byte* p, std::uint32_t v) {
  const std::uint32_t be = to_be32(v);
  std::memcpy(p, &be, sizeof be);
}

}  // namespace usertcp
