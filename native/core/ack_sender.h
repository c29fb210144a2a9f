// A thread that sends acknowledgments while this core is behind (ADR 56). Whoever sends over a veth also does the other end's
// receiving, and an acknowledgment lets that end send: its work would keep us from reading what is there already.
#pragma once

#include <pthread.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "unique_fd.h"

namespace usertcp {

class AckSender {
 public:
  // Bytes of a frame with its vnet header: what an acknowledgment with a tag and every option has over IPv6. One with a source route
  // of IPv4 may have more.
  static constexpr std::uint32_t kFrame = 128;
  // Frames that may wait.
  static constexpr std::uint32_t kFrames = 512;

  // Sends by a descriptor of its own for the same socket. Null when there is no other core, or no thread to be had.
  static std::unique_ptr<AckSender> start(int fd);
  // What was posted is sent first.
  ~AckSender();
  AckSender(const AckSender&) = delete;
  AckSender& operator=(const AckSender&) = delete;

  // Copies `count` frames of one piece each. False, and nothing is taken, when they do not fit.
  bool post(const mmsghdr* messages, unsigned count);
  // Frames that the socket did not take, since the last call.
  std::uint32_t take_lost() {
    return lost_.load(std::memory_order_relaxed) == 0 ? 0 : lost_.exchange(0, std::memory_order_relaxed);
  }

 private:
  struct alignas(64) Frame {
    std::array<std::byte, kFrame> bytes;
    std::uint32_t length;
  };
  static constexpr std::uint32_t kBatch = 64;

  explicit AckSender(UniqueFd fd) : fd_(std::move(fd)) {}
  bool run();
  static void* main(void* self);
  void loop();
  void send(std::uint32_t from, std::uint32_t count);
  void sleep(std::uint32_t seen);
  void wake();

  UniqueFd fd_;
  pthread_t thread_{};
  // Frames posted and frames sent, as they count on; the difference waits.
  alignas(64) std::atomic<std::uint32_t> posted_{0};
  alignas(64) std::atomic<std::uint32_t> sent_{0};
  // 1: the thread sleeps, or is about to. A futex.
  alignas(64) std::atomic<std::uint32_t> asleep_{0};
  std::atomic<std::uint32_t> lost_{0};
  std::atomic<bool> stopping_{false};
  std::array<Frame, kFrames> frames_;
};

}  // namespace usertcp
