// From JavaScript values to what the core takes, and from its failures to JavaScript errors.
#pragma once

#include <napi.h>

#include <optional>
#include <span>
#include <vector>

#include "../core/device.h"
#include "../core/packet_filter.h"
#include "../core/result.h"

namespace usertcp {

// An Error as Node makes it: code, errno, syscall.
Napi::Error system_error(Napi::Env env, const Failure& failure, const std::string& device);

std::string string_option(const Napi::Object& options, const char* name);
std::uint32_t number_option(const Napi::Object& options, const char* name, std::uint32_t fallback);
// Of an array of numbers; empty when there is none.
std::vector<int> integers_option(const Napi::Object& options, const char* name);
std::optional<MacAddress> mac_option(const Napi::Object& options, const char* name);
Filter to_filter(const Napi::Object& options);
// {steering: {key0, key1, first, last, ports}}
Steering to_steering(const Napi::Object& options);
// Two words for each instruction: code, jt and jf; k.
Napi::Value to_value(Napi::Env env, const std::vector<sock_filter>& program);

template <class Element>
std::span<Element> to_span(const Napi::Value& value) {
  if (!value.IsTypedArray()) return {};
  // Works over a SharedArrayBuffer too, which the typed wrappers of node-addon-api do not promise.
  void* data = nullptr;
  std::size_t length = 0;
  napi_typedarray_type type;
  if (napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok) return {};
  const bool fits = sizeof(Element) == 4 ? type == napi_int32_array : type == napi_uint8_array;
  return fits ? std::span(static_cast<Element*>(data), length) : std::span<Element>{};
}

}  // namespace usertcp
