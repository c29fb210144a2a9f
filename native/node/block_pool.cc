#include "block_pool.h"

#include <cstdlib>
#include <vector>

namespace usertcp {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 20;
constexpr std::size_t kPage = 4096;
// As many as V8 lets be young before it collects them, and those in use.
constexpr std::size_t kMostSpare = 48;

}  // namespace

// Outlives its pool, as long as a block is out.
struct BlockPool::Spares : Counted {
  std::vector<void*> blocks;
  // Whether nobody asks for blocks: what comes back then is freed.
  bool resting = false;

  ~Spares() { rest(); }
  void rest() {
    for (void* block : blocks) std::free(block);
    blocks.clear();
    resting = true;
  }
};

Napi::Function BlockPool::define(Napi::Env env) {
  return DefineClass(env, "BlockPool",
                     {InstanceMethod<&BlockPool::take>("take"), InstanceMethod<&BlockPool::trim>("trim")});
}

BlockPool::BlockPool(const Napi::CallbackInfo& info) : ObjectWrap(info), spares_(new Spares) {}

BlockPool::~BlockPool() { spares_->rest(); }

// () => ArrayBuffer of 1 MB with the bytes of whoever had it before; undefined where there can be none
Napi::Value BlockPool::take(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  // V8 looks whether there are too many young blocks when it makes memory of its own, and only then.
  Napi::ArrayBuffer::New(env, 8);
  Spares& spares = *spares_;
  spares.resting = false;
  void* block = nullptr;
  if (spares.blocks.empty()) {
    block = std::aligned_alloc(kPage, kBlock);
  } else {
    block = spares.blocks.back();
    spares.blocks.pop_back();
  }
  if (block == nullptr) return env.Undefined();
  auto* loan = new Shared<Spares>(spares_);
  napi_value buffer = nullptr;
  if (napi_create_external_arraybuffer(env, block, kBlock, returned, loan, &buffer) != napi_ok) {
    delete loan;
    std::free(block);
    return env.Undefined();
  }
  return Napi::Value(env, buffer);
}

void BlockPool::trim(const Napi::CallbackInfo&) { spares_->rest(); }

void BlockPool::returned(napi_env, void* block, void* hint) {
  auto* loan = static_cast<Shared<Spares>*>(hint);
  Spares& spares = **loan;
  if (spares.resting || spares.blocks.size() >= kMostSpare) {
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
