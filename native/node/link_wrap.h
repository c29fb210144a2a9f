// PacketLink and TapLink for JavaScript: arguments in, status out. Everything else is in native/core.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>

#include "poller.h"

namespace usertcp {

enum class LinkKind { kPacket, kTap };

class LinkWrap final : public Napi::ObjectWrap<LinkWrap>, private Poller::Client {
 public:
  static Napi::Function define(Napi::Env env, const char* name, LinkKind kind);
  explicit LinkWrap(const Napi::CallbackInfo& info);

 private:
  class Closer;

  bool open(const Napi::CallbackInfo& info, LinkKind kind);

  Napi::Value attach(const Napi::CallbackInfo& info);
  Napi::Value lend(const Napi::CallbackInfo& info);
  Napi::Value start(const Napi::CallbackInfo& info);
  Napi::Value flush(const Napi::CallbackInfo& info);
  Napi::Value set_filter(const Napi::CallbackInfo& info);
  Napi::Value read_long(const Napi::CallbackInfo& info);
  Napi::Value join(const Napi::CallbackInfo& info);
  Napi::Value steer(const Napi::CallbackInfo& info);
  Napi::Value reopen(const Napi::CallbackInfo& info);
  Napi::Value changed(const Napi::CallbackInfo& info);
  Napi::Value ref(const Napi::CallbackInfo& info);
  Napi::Value unref(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);
  Napi::Value facts(const Napi::CallbackInfo& info);
  Napi::Value rx_memory(const Napi::CallbackInfo& info);
  Napi::Value rx(const Napi::CallbackInfo& info);
  Napi::Value tx(const Napi::CallbackInfo& info);
  Napi::Value counters(const Napi::CallbackInfo& info);

  void on_burst(std::uint32_t descriptors) override;
  void on_down(int error) override;
  void on_stopped() override;
  static void on_environment_exit(napi_async_cleanup_hook_handle handle, void* data);
  void call(const Napi::FunctionReference& function, double argument);
  void finish();

  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Poller> poller_;
  std::unique_ptr<Napi::AsyncContext> context_;
  std::optional<Napi::Promise::Deferred> closing_;
  Napi::Reference<Napi::ArrayBuffer> rx_memory_;
  Napi::Reference<Napi::ArrayBuffer> rx_;
  Napi::Reference<Napi::ArrayBuffer> tx_;
  Napi::Reference<Napi::ArrayBuffer> counters_;
  // Keeps alive what the engine points into.
  Napi::ObjectReference regions_;
  Napi::FunctionReference on_burst_;
  Napi::FunctionReference on_down_;
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  bool exiting_ = false;
};

}  // namespace usertcp
