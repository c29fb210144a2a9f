// What a link does as one of several that share an address.
#include "arguments.h"
#include "link_wrap.h"

namespace usertcp {

// (group of small frames, of large ones; -1 = a new one) => their numbers
Napi::Value LinkWrap::join(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!engine_) return env.Undefined();
  const auto group = [&info](std::size_t n) { return info[n].As<Napi::Number>().Int32Value(); };
  Result<std::array<int, 2>> joined = engine_->device().join_groups_of_stacks({group(0), group(1)});
  if (!joined) {
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
