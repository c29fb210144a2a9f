// A callback in each turn of the event loop that it is asked for, before the loop polls: where the events of a link come that
// has no descriptor to be polled.
#pragma once

#include <napi.h>
#include <uv.h>

#include <memory>

namespace usertcp {

// Ends with its environment.
class Turn final {
 public:
  static void define(Napi::Env env, Napi::Object exports) {
    exports.Set("beforePoll", Napi::Function::New(env, before_poll, "beforePoll"));
  }

 private:
  Turn(Napi::Env env, Napi::Function callback);

  // (callback) => a function: the callback is called once for each turn in which that was. Until then the loop does not sleep.
  static Napi::Value before_poll(const Napi::CallbackInfo& info);
  static Napi::Value start(const Napi::CallbackInfo& info);
  static void on_turn(uv_idle_t* handle);
  static void on_environment_exit(napi_async_cleanup_hook_handle handle, void* data);
  static void on_closed(uv_handle_t* handle);
  void call();

  Napi::Env env_;
  uv_idle_t idle_{};
  Napi::FunctionReference callback_;
  std::unique_ptr<Napi::AsyncContext> context_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
};

}  // namespace usertcp
