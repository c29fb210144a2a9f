#include "ack_sender.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace usertcp {
namespace {

#if defined(__GLIBC__)
// The names that every glibc which Node runs on has, and not those of the one this is built with (ADR 36).
#if defined(__x86_64__)
#define USERTCP_OLDEST "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define USERTCP_OLDEST "GLIBC_2.17"
#endif
#if defined(USERTCP_OLDEST)
asm(".symver pthread_create, pthread_create@" USERTCP_OLDEST);
asm(".symver pthread_join, pthread_join@" USERTCP_OLDEST);
#endif
#endif

// Bytes of a signal set as the kernel counts them.
constexpr std::size_t kSignals = 8;

// On one core the thread would only take turns with us.
bool has_other_core() {
  cpu_set_t allowed;
  return ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 1;
}

void futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
  static_assert(sizeof word == sizeof(std::uint32_t) && std::atomic<std::uint32_t>::is_always_lock_free);
  ::syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

}  // namespace

std::unique_ptr<AckSender> AckSender::start(int fd) {
  if (!has_other_core()) return nullptr;
  UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!own) return nullptr;
  std::unique_ptr<AckSender> sender(new AckSender(std::move(own)));
  return sender->run() ? std::move(sender) : nullptr;
}

bool AckSender::run() {
  // Signals are the program's, not this thread's, which inherits the mask.
  std::uint64_t before = 0;
  const std::uint64_t all = ~(std::uint64_t{3} << 31);  // but for 32 and 33, which are the C library's
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, kSignals);
  const int error = ::pthread_create(&thread_, nullptr, main, this);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, kSignals);
  // Without a thread there is nobody to wait for.
  if (error != 0) fd_ = UniqueFd();
  return error == 0;
}

AckSender::~AckSender() {
  if (!fd_) return;
  stopping_.store(true, std::memory_order_seq_cst);
  wake();
  ::pthread_join(thread_, nullptr);
}

bool AckSender::post(const mmsghdr* messages, unsigned count) {
  const std::uint32_t at = posted_.load(std::memory_order_relaxed);
  if (at - sent_.load(std::memory_order_acquire) + count > kFrames) return false;
  for (unsigned i = 0; i < count; ++i) {
    const msghdr& message = messages[i].msg_hdr;
    if (message.msg_iovlen != 1 || message.msg_iov[0].iov_len > kFrame) return false;
  }
  for (unsigned i = 0; i < count; ++i) {
    const iovec& piece = messages[i].msg_hdr.msg_iov[0];
    Frame& frame = frames_[(at + i) % kFrames];
    std::memcpy(frame.bytes.data(), piece.iov_base, piece.iov_len);
    frame.length = static_cast<std::uint32_t>(piece.iov_len);
  }
  // Either we see it asleep or it sees what was posted: both are stored before the other is looked at.
  posted_.store(at + count, std::memory_order_seq_cst);
  if (asleep_.load(std::memory_order_seq_cst) != 0) wake();
  return true;
}

void AckSender::wake() {
  asleep_.store(0, std::memory_order_seq_cst);
  futex(asleep_, FUTEX_WAKE_PRIVATE, 1);
}

void* AckSender::main(void* self) {
  static_cast<AckSender*>(self)->loop();
  return nullptr;
}

void AckSender::loop() {
  for (;;) {
    // Before it looks: what was posted before it was told to stop is sent.
    const bool stopping = stopping_.load(std::memory_order_seq_cst);
    const std::uint32_t from = sent_.load(std::memory_order_relaxed);
    const std::uint32_t count = std::min(posted_.load(std::memory_order_acquire) - from, kBatch);
    if (count > 0) {
      send(from, count);
    } else if (stopping) {
      return;
    } else {
      sleep(from);
    }
  }
}

void AckSender::send(std::uint32_t from, std::uint32_t count) {
  std::array<iovec, kBatch> pieces;
  std::array<mmsghdr, kBatch> messages{};
  for (std::uint32_t i = 0; i < count; ++i) {
    Frame& frame = frames_[(from + i) % kFrames];
    pieces[i] = {frame.bytes.data(), frame.length};
    messages[i].msg_hdr.msg_iov = &pieces[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (std::uint32_t done = 0; done < count;) {
    const long sent = ::syscall(SYS_sendmmsg, fd_.get(), &messages[done], count - done, MSG_DONTWAIT);
    if (sent > 0) {
      done += static_cast<std::uint32_t>(sent);
    } else if (errno != EINTR) {
      // As a wire may lose it: the next acknowledgment says the same and more.
      lost_.fetch_add(1, std::memory_order_relaxed);
      ++done;
    }
  }
  sent_.store(from + count, std::memory_order_release);
}

// `seen`: frames posted, as far as we know.
void AckSender::sleep(std::uint32_t seen) {
  asleep_.store(1, std::memory_order_seq_cst);
  if (posted_.load(std::memory_order_seq_cst) == seen && !stopping_.load(std::memory_order_seq_cst)) {
    futex(asleep_, FUTEX_WAIT_PRIVATE, 1);
  }
  asleep_.store(0, std::memory_order_seq_cst);
}

}  // namespace usertcp
