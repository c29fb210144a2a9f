#include "arguments.h"

#include <uv.h>

#include <algorithm>
#include <cstring>

namespace usertcp {

Napi::Error system_error(Napi::Env env, const Failure& failure, const std::string& device) {
  const char* code = uv_err_name(-failure.error);
  std::string message = std::string(code) + ": " + uv_strerror(-failure.error) + ", " + failure.operation;
  if (!device.empty()) message += " '" + device + "'";
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  error.Set("errno", Napi::Number::New(env, -failure.error));
  error.Set("syscall", Napi::String::New(env, failure.operation));
  return error;
}

std::string string_option(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

std::uint32_t number_option(const Napi::Object& options, const char* name, std::uint32_t fallback) {
  const Napi::Value value = options.Get(name);
  return value.IsNumber() ? value.As<Napi::Number>().Uint32Value() : fallback;
}

std::vector<int> integers_option(const Napi::Object& options, const char* name) {
  std::vector<int> integers;
  const Napi::Value value = options.Get(name);
  if (!value.IsArray()) return integers;
  const auto array = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value element = array.Get(i);
    integers.push_back(element.IsNumber() ? element.As<Napi::Number>().Int32Value() : -1);
  }
  return integers;
}

std::optional<MacAddress> mac_option(const Napi::Object& options, const char* name) {
  const auto bytes = to_span<const std::uint8_t>(options.Get(name));
  MacAddress mac;
  if (bytes.size() != mac.size()) return {};
  std::memcpy(mac.data(), bytes.data(), mac.size());
  return mac;
}

Filter to_filter(const Napi::Object& options) {
  Filter filter;
  const auto words = to_span<const std::int32_t>(options.Get("addresses"));
  for (std::size_t i = 0; i + 4 <= words.size(); i += 4) {
    filter.addresses.push_back({words[i], words[i + 1], words[i + 2], words[i + 3]});
  }
  if (options.Has("arp")) filter.arp = options.Get("arp").ToBoolean();
  const std::string icmp = string_option(options, "icmp");
  if (icmp == "errors") filter.icmp = Filter::Icmp::kErrors;
  if (icmp == "none") filter.icmp = Filter::Icmp::kNone;
  filter.shared = options.Get("shared").ToBoolean();
  const auto ports = to_span<const std::int32_t>(options.Get("ports"));
  for (std::size_t i = 0; i + 2 <= ports.size(); i += 2) {
    filter.ports.push_back({static_cast<std::uint16_t>(ports[i]), static_cast<std::uint16_t>(ports[i + 1])});
  }
  filter.steering = to_steering(options);
  const auto kept = to_span<const std::int32_t>(options.Get("kept"));
  std::copy_n(kept.begin(), std::min(kept.size(), filter.kept.buckets.size()), filter.kept.buckets.begin());
  filter.kept.syns = options.Get("keptSyns").ToBoolean();
  return filter;
}

Steering to_steering(const Napi::Object& options) {
  const Napi::Value given = options.Get("steering");
  if (!given.IsObject()) return {};
  const auto steering = given.As<Napi::Object>();
  const auto port = [&](const char* name) { return static_cast<std::uint16_t>(number_option(steering, name, 0)); };
  Steering made{number_option(steering, "key0", 0), number_option(steering, "key1", 0), port("first"), port("last")};
  const auto ports = to_span<const std::int32_t>(steering.Get("ports"));
  for (std::size_t i = 0; i < std::min(ports.size(), made.ports.size()); ++i) {
    made.ports[i] = static_cast<std::uint16_t>(ports[i]);
  }
  return made;
}

Napi::Value to_value(Napi::Env env, const std::vector<sock_filter>& program) {
  Napi::Uint32Array words = Napi::Uint32Array::New(env, program.size() * 2);
  for (std::size_t i = 0; i < program.size(); ++i) {
    const sock_filter& one = program[i];
    words[2 * i] = one.code | std::uint32_t{one.jt} << 16 | std::uint32_t{one.jf} << 24;
    words[2 * i + 1] = one.k;
  }
  return words;
}

}  // namespace usertcp
