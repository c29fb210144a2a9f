#include "turn.h"

namespace usertcp {

Turn::Turn(Napi::Env env, Napi::Function callback)
    : env_(env),
      callback_(Napi::Persistent(callback)),
      context_(std::make_unique<Napi::AsyncContext>(env, "usertcp.turn")) {
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  uv_idle_init(loop, &idle_);
  idle_.data = this;
  napi_add_async_cleanup_hook(env, on_environment_exit, this, &cleanup_);
}

Napi::Value Turn::before_poll(const Napi::CallbackInfo& info) {
  auto* self = new Turn(info.Env(), info[0].As<Napi::Function>());
  return Napi::Function::New(info.Env(), start, "start", self);
}

Napi::Value Turn::start(const Napi::CallbackInfo& info) {
  uv_idle_start(&static_cast<Turn*>(info.Data())->idle_, on_turn);
  return info.Env().Undefined();
}

void Turn::on_turn(uv_idle_t* handle) {
  uv_idle_stop(handle);
  static_cast<Turn*>(handle->data)->call();
}

void Turn::call() {
  const Napi::HandleScope scope(env_);
  callback_.MakeCallback(env_.Global(), {}, *context_);
  if (!env_.IsExceptionPending()) return;
  // As any other callback of Node: it reaches 'uncaughtException'.
  napi_value error = nullptr;
  napi_get_and_clear_last_exception(env_, &error);
  napi_fatal_exception(env_, error);
}

void Turn::on_environment_exit(napi_async_cleanup_hook_handle, void* data) {
  auto* self = static_cast<Turn*>(data);
  uv_close(reinterpret_cast<uv_handle_t*>(&self->idle_), on_closed);
}

void Turn::on_closed(uv_handle_t* handle) {
  auto* self = static_cast<Turn*>(handle->data);
  const napi_async_cleanup_hook_handle cleanup = self->cleanup_;
  // What these refer to goes with the environment.
  self->callback_.SuppressDestruct();
  static_cast<void>(self->context_.release());
  delete self;
  napi_remove_async_cleanup_hook(cleanup);
}

}  // namespace usertcp
