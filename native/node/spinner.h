// How long to look at the rings before going back to sleep in epoll. Measured on a veth with a client on another core that
// sleeps between its messages: it takes 20 to 40 us to wake, so a spin of 20 us meets its answer now and then (52 us per
// round trip), one of 60 us nearly always (30 us). Where nobody can answer, failures make it rare: one in 1024 is beyond
// the 99th percentile of those who wait for us on this very core. Those are let run first (ADR 60).
#pragma once

#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace usertcp {

class Spinner {
 public:
  // As std::chrono::steady_clock, without libstdc++ behind it.
  struct Clock {
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<Clock>;
    static time_point now() {
      timespec time;
      ::clock_gettime(CLOCK_MONOTONIC, &time);
      return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
    }
  };

  // On one core whoever we wait for could not run meanwhile.
  explicit Spinner(std::uint32_t microseconds) : limit_(::sysconf(_SC_NPROCESSORS_ONLN) > 1 ? microseconds : 0) {}

  bool worth_trying() {
    if (limit_.count() == 0) return false;
    if (skip_ == 0) return true;
    --skip_;
    return false;
  }

  // Whoever we wait for may stand behind us in the queue of this very core: he answers while we let him run, and neither a
  // spin nor a sleep in epoll stands between. A program that computes there would keep the core for a whole slice of the
  // scheduler, longer than we would sleep: then it was no use, as when nobody answered. True when a frame waits.
  template <class Ready>
  bool let_run(Ready ready) {
    if (limit_.count() == 0) return false;
    if (lets_to_skip_ > 0) {
      --lets_to_skip_;
      return false;
    }
    const auto soon = Clock::now() + limit_;
    ::sched_yield();
    const bool answered = ready();
    if (answered && Clock::now() < soon) {
      let_backoff_ = 0;
    } else {
      lets_to_skip_ = 1u << let_backoff_;
      let_backoff_ = std::min(let_backoff_ + 1, kMaxBackoff);
    }
    return answered;
  }

  // After a burst of bulk data: gives the next frames time to become a batch. A frame alone costs a call of JavaScript
  // and an ACK, whose processing by the peer takes longer than this wait.
  template <class Plenty>
  void gather(Plenty plenty) {
    if (limit_.count() == 0) return;
    const auto end = Clock::now() + kGather;
    while (!plenty() && Clock::now() < end) relax();
  }

  // True as soon as `ready` is; false when the time is up, which is `latest` at the latest.
  template <class Ready>
  bool spin(Ready ready, Clock::time_point latest) {
    const auto end = std::min<Clock::time_point>(latest, Clock::now() + limit_);
    do {
      for (int i = 0; i < 16; ++i) {
        if (ready()) {
          misses_ = backoff_ = 0;
          return true;
        }
        relax();
      }
    } while (Clock::now() < end);
    if (++misses_ >= kMissesAllowed) {
      skip_ = 1u << backoff_;
      backoff_ = std::min(backoff_ + 1, kMaxBackoff);
    }
    return false;
  }

 private:
  // Measured with 0, 3 and 8: docs/performance.md.
  static constexpr std::chrono::microseconds kGather{3};
  static constexpr std::uint32_t kMissesAllowed = 4;
  static constexpr std::uint32_t kMaxBackoff = 10;

  static void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  std::chrono::microseconds limit_;
  std::uint32_t misses_ = 0;       // in a row
  std::uint32_t backoff_ = 0;      // exponent of the next skip
  std::uint32_t skip_ = 0;         // chances to let pass
  std::uint32_t let_backoff_ = 0;  // the same two for let_run
  std::uint32_t lets_to_skip_ = 0;
};

}  // namespace usertcp
