// Memory that received bytes are given away in, and memory that nobody else sees any more (ADR 45).
#pragma once

#include <napi.h>

#include "../core/shared.h"

namespace usertcp {

// Blocks of one size. V8's collector says when one was dropped, and whoever asks next gets the same memory.
class BlockPool final : public Napi::ObjectWrap<BlockPool> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit BlockPool(const Napi::CallbackInfo& info);
  ~BlockPool() override;

 private:
  struct Spares;

  Napi::Value take(const Napi::CallbackInfo& info);
  void trim(const Napi::CallbackInfo& info);
  static void returned(napi_env env, void* block, void* loan);

  Shared<Spares> spares_;
};

// (array of typed arrays): frees their memory now, not at a collection. For ArrayBuffers that nobody else has.
Napi::Value release(const Napi::CallbackInfo& info);

}  // namespace usertcp
