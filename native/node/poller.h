// Ties an engine to the event loop of one environment: wakes, drains, spins a little, goes back to sleep.
#pragma once

#include <uv.h>

#include <array>
#include <memory>

#include "../core/engine.h"
#include "spinner.h"

namespace usertcp {

class Poller {
 public:
  class Client {
   public:
    virtual ~Client() = default;
    // Frames are lent until this returns.
    virtual void on_burst(std::uint32_t descriptors) = 0;
    // Once for each time the device goes away; polling has stopped and begins again with start().
    virtual void on_down(int error) = 0;
    // After stop(): the loop has let go of every handle.
    virtual void on_stopped() = 0;
  };

  Poller(uv_loop_t* loop, Engine& engine, Client& client, std::uint32_t spin_microseconds);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  int start();
  // For good. on_stopped() comes from the loop, or not before the burst under way is over.
  void stop();
  void ref();
  void unref();

 private:
  static void on_event(uv_poll_t* handle, int status, int events);
  static void on_closed(uv_handle_t* handle);
  static void on_nothing_closed(uv_handle_t* handle);
  void drain();
  void close_handles();
  void handle_error();

  uv_loop_t* loop_;
  Engine& engine_;
  Client& client_;
  Spinner spinner_;
  std::array<uv_poll_t, 4> handles_;
  std::size_t handle_count_ = 0;
  std::size_t open_ = 0;
  // Closed in place of the others when there are none: on_stopped() comes from the loop all the same.
  uv_idle_t nothing_;
  bool draining_ = false;
  bool stopping_ = false;
};

}  // namespace usertcp
