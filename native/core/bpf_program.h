// Classic BPF, written an instruction at a time.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace usertcp {

class BpfProgram {
 public:
  // What a program returns that lets a frame in.
  static constexpr std::uint32_t kWholeFrame = 0x40000;

  void load16(std::uint32_t at) { add(BPF_LD | BPF_H | BPF_IND, at); }
  void load32(std::uint32_t at) { add(BPF_LD | BPF_W | BPF_IND, at); }
  void load8(std::uint32_t at) { add(BPF_LD | BPF_B | BPF_IND, at); }
  void add(std::uint16_t code, std::uint32_t k) { code_.push_back({code, 0, 0, k}); }
  // Runs the next `count` instructions only when A `test` k holds (or does not).
  void skip_unless(std::uint16_t test, std::uint32_t k, std::uint8_t count) {
    code_.push_back({static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), 0, count, k});
  }
  void skip_if(std::uint16_t test, std::uint32_t k, std::uint8_t count) {
    code_.push_back({static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), count, 0, k});
  }
  void accept() { add(BPF_RET | BPF_K, kWholeFrame); }
  void reject() { add(BPF_RET | BPF_K, 0); }
  // A jump whose target is not known yet: conditional jumps reach 255 instructions, this one all of them.
  std::size_t jump() {
    add(BPF_JMP | BPF_JA, 0);
    return code_.size() - 1;
  }
  void land(std::size_t jump) { code_[jump].k = static_cast<std::uint32_t>(code_.size() - jump - 1); }
  void land(const std::vector<std::size_t>& jumps) {
    for (const std::size_t jump : jumps) land(jump);
  }
  std::vector<sock_filter> take() { return std::move(code_); }

 private:
  std::vector<sock_filter> code_;
};

}  // namespace usertcp
