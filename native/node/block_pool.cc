#include "block_pool.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace usertcp {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::size_t kPage = 4096;
// As many as V8 lets be young before it collects them, and those in use.
constexpr std::size_t kMostSpare = 48;
constexpr std::size_t kMostSilent = 64;

// V8 counts every byte of an ArrayBuffer as garbage to come, and begins a mark-compact of the whole heap for some 16 MB
// of it. What comes back to us is none, so the count is set right.
void tell_v8(napi_env env, std::size_t blocks, int sign) {
  std::int64_t total = 0;
  if (blocks > 0) napi_adjust_external_memory(env, sign * static_cast<std::int64_t>(blocks * kBlock), &total);
}

}  // namespace

// Outlives its pool, as long as a block is out.
struct BlockPool::Spares : Counted {
  std::vector<void*> blocks;
  // Blocks that V8 is not told of: so many and no more, for a program that keeps what it got must be collected as ever.
  std::size_t most_silent = 0;
  std::size_t silent = 0;
  // When such a block was dropped V8 takes its bytes off a count that never had them. Setting that right looks to V8 like
  // new garbage, so it is done for many at once.
  std::size_t most_owed = 0;
  std::size_t owed = 0;
  bool closed = false;

  ~Spares() { trim(); }
  void trim() {
    for (void* block : blocks) std::free(block);
    blocks.clear();
  }
};

struct BlockPool::Loan {
  Shared<Spares> of;
  bool silent;
};

Napi::Function BlockPool::define(Napi::Env env) {
  return DefineClass(env, "BlockPool",
                     {InstanceMethod<&BlockPool::take>("take"), InstanceMethod<&BlockPool::trim>("trim")});
}

// (blocks that V8's count may be too low by)
BlockPool::BlockPool(const Napi::CallbackInfo& info) : ObjectWrap(info), spares_(new Spares) {
  const std::size_t most = info[0].As<Napi::Number>().Uint32Value();
  spares_->most_silent = std::min(kMostSilent, most / 4);
  spares_->most_owed = most - spares_->most_silent;
}

BlockPool::~BlockPool() {
  spares_->closed = true;
  tell_v8(Env(), std::exchange(spares_->owed, 0), 1);
}

// () => ArrayBuffer of 1 MB with the bytes of whoever had it before; undefined where there can be none
Napi::Value BlockPool::take(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  // V8 looks whether there are too many young blocks when it makes memory of its own, and only then.
  Napi::ArrayBuffer::New(env, 8);
  Spares& spares = *spares_;
  if (spares.owed > spares.most_owed) tell_v8(env, std::exchange(spares.owed, 0), 1);
  void* block = nullptr;
  if (spares.blocks.empty()) {
    block = std::aligned_alloc(kPage, kBlock);
  } else {
    block = spares.blocks.back();
    spares.blocks.pop_back();
  }
  if (block == nullptr) return env.Undefined();
  auto* loan = new Loan{spares_, spares.silent < spares.most_silent};
  napi_value buffer = nullptr;
  if (napi_create_external_arraybuffer(env, block, kBlock, returned, loan, &buffer) != napi_ok) {
    delete loan;
    std::free(block);
    return env.Undefined();
  }
  if (loan->silent) {
    spares.silent++;
    tell_v8(env, 1, -1);
  }
  return Napi::Value(env, buffer);
}

// () => bytes that V8 counts outside of its heap
Napi::Value BlockPool::trim(const Napi::CallbackInfo& info) {
  spares_->trim();
  std::int64_t total = 0;
  napi_adjust_external_memory(info.Env(), 0, &total);
  return Napi::Number::New(info.Env(), static_cast<double>(total));
}

void BlockPool::returned(napi_env env, void* block, void* hint) {
  auto* loan = static_cast<Loan*>(hint);
  Spares& spares = *loan->of;
  if (loan->silent) {
    spares.silent--;
    if (spares.closed) {
      tell_v8(env, 1, 1);
    } else {
      spares.owed++;
    }
  }
  if (spares.closed || spares.blocks.size() >= kMostSpare) {
    std::free(block);
  } else {
    spares.blocks.push_back(block);
  }
  delete loan;
}

Napi::Value release(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsArray()) return env.Undefined();
  const auto chunks = info[0].As<Napi::Array>();
  for (std::uint32_t i = 0; i < chunks.Length(); ++i) {
    napi_value buffer = nullptr;
    std::size_t length = 0;
    std::size_t whole = 0;
    const napi_value chunk = chunks.Get(i);
    if (napi_get_typedarray_info(env, chunk, nullptr, &length, nullptr, &buffer, nullptr) != napi_ok) continue;
    // A part of something larger has neighbours.
    if (napi_get_arraybuffer_info(env, buffer, nullptr, &whole) != napi_ok || length != whole) continue;
    napi_detach_arraybuffer(env, buffer);
  }
  return env.Undefined();
}

}  // namespace usertcp
