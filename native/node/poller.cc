#include "poller.h"

#include <cerrno>

namespace usertcp {
namespace {

// The loop has other work: timers, other sockets, JavaScript.
constexpr auto kLongestTurn = std::chrono::milliseconds(2);
// Frames of such a size on average are a stream of data in MTU pieces: smaller ones may be requests whose latency counts,
// larger ones are merged already.
constexpr std::size_t kLeastBulk = 1000;
constexpr std::size_t kMostBulk = 4096;

bool is_bulk(const Burst& burst) {
  return burst.bytes >= kLeastBulk * burst.frames && burst.bytes < kMostBulk * burst.frames;
}

}  // namespace

Poller::Poller(uv_loop_t* loop, Engine& engine, Client& client, std::uint32_t spin_microseconds)
    : loop_(loop), engine_(engine), client_(client), spinner_(spin_microseconds) {
  for (const int fd : engine.device().poll_fds()) {
    uv_poll_t& handle = handles_[handle_count_];
    if (uv_poll_init(loop, &handle, fd) != 0) break;
    handle.data = this;
    ++handle_count_;
  }
  open_ = handle_count_;
}

int Poller::start() {
  if (stopping_) return 0;
  for (std::size_t i = 0; i < handle_count_; ++i) {
    if (const int error = uv_poll_start(&handles_[i], UV_READABLE, on_event); error != 0) return -error;
  }
  return handle_count_ == engine_.device().poll_fds().size() ? 0 : EBADF;
}

void Poller::stop() {
  if (stopping_) return;
  stopping_ = true;
  if (!draining_) close_handles();
}

void Poller::close_handles() {
  if (handle_count_ == 0) {
    uv_idle_init(loop_, &nothing_);
    nothing_.data = this;
    uv_close(reinterpret_cast<uv_handle_t*>(&nothing_), on_nothing_closed);
  }
  for (std::size_t i = 0; i < handle_count_; ++i) {
    uv_poll_stop(&handles_[i]);
    uv_close(reinterpret_cast<uv_handle_t*>(&handles_[i]), on_closed);
  }
}

void Poller::on_closed(uv_handle_t* handle) {
  auto* self = static_cast<Poller*>(handle->data);
  if (--self->open_ == 0) self->client_.on_stopped();
}

void Poller::on_nothing_closed(uv_handle_t* handle) { static_cast<Poller*>(handle->data)->client_.on_stopped(); }

void Poller::ref() {
  for (std::size_t i = 0; i < handle_count_; ++i) uv_ref(reinterpret_cast<uv_handle_t*>(&handles_[i]));
}

void Poller::unref() {
  for (std::size_t i = 0; i < handle_count_; ++i) uv_unref(reinterpret_cast<uv_handle_t*>(&handles_[i]));
}

void Poller::on_event(uv_poll_t* handle, int status, int) {
  auto* self = static_cast<Poller*>(handle->data);
  if (self->stopping_) return;
  self->draining_ = true;
  if (status < 0) {
    self->handle_error();
  } else {
    self->drain();
  }
  self->draining_ = false;
  if (self->stopping_) self->close_handles();
}

void Poller::drain() {
  Counters& counters = engine_.counters();
  const auto end = Spinner::Clock::now() + kLongestTurn;
  for (;;) {
    const Burst burst = engine_.rx_burst();
    if (burst.descriptors > 0) client_.on_burst(burst.descriptors);
    engine_.release();
    // However long JavaScript took: what came meanwhile is for the next turn of the loop, after its timers.
    if (stopping_ || Spinner::Clock::now() >= end) return;
    if (is_bulk(burst)) spinner_.gather([this] { return engine_.device().plenty(); });
    if (engine_.device().ready()) continue;
    const auto ready = [this] { return engine_.device().ready(); };
    if (spinner_.let_run(ready)) continue;
    if (!spinner_.worth_trying()) return;
    counters.add(kSpins);
    if (!spinner_.spin(ready, end)) return;
    counters.add(kSpinHits);
  }
}

void Poller::handle_error() {
  // libuv has stopped the handle that failed; the other one would report the same.
  for (std::size_t i = 0; i < handle_count_; ++i) uv_poll_stop(&handles_[i]);
  const int error = engine_.device().take_error();
  if (error == 0) {
    start();
    return;
  }
  client_.on_down(error);
}

}  // namespace usertcp
