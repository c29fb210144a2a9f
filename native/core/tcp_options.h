#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace usertcp {

struct TcpOptions {
  std::uint32_t seen = 0;  // OPT_*
  std::uint32_t tsval = 0;
  std::uint32_t tsecr = 0;
};

// The bytes between the fixed header and the data offset; any alignment [MUST-64].
TcpOptions parse_tcp_options(std::span<const std::byte> bytes);

}  // namespace usertcp
