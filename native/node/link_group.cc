// What a link does as one of several that share an address.
#include "link_group.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "arguments.h"
#include "link_wrap.h"

namespace usertcp {
namespace {

void put(std::int32_t& word, std::int32_t value) { __atomic_store_n(&word, value, __ATOMIC_SEQ_CST); }

void close_all(std::span<std::int32_t> sockets) {
  for (std::int32_t& word : sockets) {
    // Before it is closed: the number may be another file's at once.
    const std::int32_t fd = __atomic_exchange_n(&word, -1, __ATOMIC_SEQ_CST);
    if (fd > 0) ::close(fd);
  }
}

struct LockWatch {
  Napi::Reference<Napi::Value> words;
  std::int32_t* word;
  std::int32_t holder;
};

void on_environment_exit(void* data) {
  auto* watch = static_cast<LockWatch*>(data);
  std::int32_t holder = watch->holder;
  __atomic_compare_exchange_n(watch->word, &holder, -1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
  watch->words.SuppressDestruct();  // it goes with the environment
  delete watch;
}

}  // namespace

// (words of two descriptors of join(), which are closed)
Napi::Value close_sockets(const Napi::CallbackInfo& info) {
  close_all(to_span<std::int32_t>(info[0]));
  return info.Env().Undefined();
}

// (words, index, holder)
Napi::Value watch_lock(const Napi::CallbackInfo& info) {
  const std::span<std::int32_t> words = to_span<std::int32_t>(info[0]);
  const std::uint32_t at = info[1].As<Napi::Number>().Uint32Value();
  if (at >= words.size()) return info.Env().Undefined();
  auto* watch =
      new LockWatch{Napi::Reference<Napi::Value>::New(info[0], 1), &words[at], info[2].As<Napi::Number>().Int32Value()};
  napi_add_env_cleanup_hook(info.Env(), on_environment_exit, watch);
  return info.Env().Undefined();
}

// (group of small frames, of large ones; -1 = a new one; words for two descriptors that outlive the link) => their numbers
Napi::Value LinkWrap::join(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!engine_) return env.Undefined();
  const auto group = [&info](std::size_t n) { return info[n].As<Napi::Number>().Int32Value(); };
  // Before the sockets are in: nothing of JavaScript runs in between, where this thread could be ended.
  const std::vector<int> fds = engine_->device().poll_fds();
  const std::span<std::int32_t> sockets = to_span<std::int32_t>(info[2]);
  Status failed;
  for (std::size_t i = 0; i < std::min(sockets.size(), fds.size()); ++i) {
    const int fd = ::fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
    if (fd < 0) failed = {errno, "fcntl"};
    put(sockets[i], fd);
  }
  Result<std::array<int, 2>> joined = failed ? *failed : engine_->device().join_groups_of_stacks({group(0), group(1)});
  if (!joined) {
    close_all(sockets);
    for (std::int32_t& word : sockets) put(word, 0);
    system_error(env, joined.failure(), engine_->device().name()).ThrowAsJavaScriptException();
    return env.Undefined();
  }
  Napi::Array groups = Napi::Array::New(env, joined->size());
  for (std::uint32_t i = 0; i < joined->size(); ++i) groups.Set(i, (*joined)[i]);
  return groups;
}

// ({steering}, position in the group of who has each bucket)
Napi::Value LinkWrap::steer(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto positions = to_span<const std::uint8_t>(info[1]);
  if (!engine_ || positions.size() != kBuckets) return env.Undefined();
  const std::vector<sock_filter> program =
      make_steering_program(to_steering(info[0].As<Napi::Object>()), positions.first<kBuckets>());
  if (const Status failed = engine_->device().steer(program)) {
    system_error(env, *failed, engine_->device().name()).ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

}  // namespace usertcp
