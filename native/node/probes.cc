#include "probes.h"

#include "../core/bytes.h"
#include "../core/capture_device.h"
#include "../core/headers.h"
#include "../core/packet_socket.h"
#include "../core/transmitter.h"
#include "../core/vlan.h"
#include "arguments.h"

namespace usertcp {
namespace {

// {words: {NAME: number}, counters: [name]}
Napi::Value abi(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object words = Napi::Object::New(env);
  for (const NamedNumber& word : kAbiWords) words.Set(word.name, word.value);
  Napi::Array counters = Napi::Array::New(env, kCounterCount);
  for (std::uint32_t i = 0; i < kCounterCount; ++i) counters.Set(i, kCounterNames[i]);
  Napi::Object result = Napi::Object::New(env);
  result.Set("words", words);
  result.Set("counters", counters);
  return result;
}

const ChecksumKernel* kernel_argument(const Napi::Value& value) {
  const std::string name = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  const ChecksumKernel* kernel = find_checksum_kernel(name);
  if (kernel == nullptr) {
    Napi::TypeError::New(value.Env(), "checksum kernel '" + name + "' is not one of: " + supported_checksum_names())
        .ThrowAsJavaScriptException();
  }
  return kernel;
}

Napi::Value checksum_names(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  std::uint32_t count = 0;
  for (const ChecksumKernel& kernel : checksum_kernels()) {
    if (kernel.supported()) names.Set(count++, kernel.name);
  }
  return names;
}

// (kernel name or '', bytes) => the 16-bit field as it stands in a header, read as a big-endian number
Napi::Value checksum(const Napi::CallbackInfo& info) {
  const ChecksumKernel* kernel = kernel_argument(info[0]);
  if (kernel == nullptr) return info.Env().Undefined();
  const auto bytes = to_span<const std::byte>(info[1]);
  const auto field = static_cast<std::uint16_t>(~kernel->sum(bytes.data(), bytes.size()));
  return Napi::Number::New(info.Env(), to_be16(field));
}

// (frame, vnet flags = 0, gso size = 0, kernel name = '') => {desc: Int32Array(16), drop: counter name or ''}
Napi::Value parse_frame(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChecksumKernel* kernel = kernel_argument(info[3]);
  if (kernel == nullptr) return env.Undefined();
  FrameMeta meta;
  if (info[1].IsNumber()) meta.vnet_flags = static_cast<std::uint8_t>(info[1].As<Napi::Number>().Uint32Value());
  if (info[2].IsNumber()) meta.gso_size = static_cast<std::uint16_t>(info[2].As<Napi::Number>().Uint32Value());
  const Parsed parsed = parse(to_span<const std::byte>(info[0]), meta, *kernel);
  Napi::Int32Array desc = Napi::Int32Array::New(env, kDescWords);
  std::copy(std::begin(parsed.desc.word), std::end(parsed.desc.word), desc.Data());
  Napi::Object result = Napi::Object::New(env);
  result.Set("desc", desc);
  result.Set("drop", parsed.drop == kNoCounter ? "" : kCounterNames[parsed.drop]);
  return result;
}

// Lent regions of an array of Uint8Array or null, by index.
std::vector<std::span<const std::byte>> to_regions(const Napi::Value& value) {
  std::vector<std::span<const std::byte>> regions;
  if (!value.IsArray()) return regions;
  const auto array = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i) regions.push_back(to_span<const std::byte>(array.Get(i)));
  return regions;
}

// (descriptors: Int32Array, arena, rows, hops, source MAC, offload bits: 1 checksum, 2 segmentation,
// lent regions = [], VLAN = 0) => [frame]
Napi::Value encode(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto words = to_span<const std::int32_t>(info[0]);
  const auto source = to_span<const std::uint8_t>(info[4]);
  MacAddress mac{};
  std::copy_n(source.begin(), std::min(source.size(), mac.size()), mac.begin());
  const std::uint32_t bits = info[5].IsNumber() ? info[5].As<Napi::Number>().Uint32Value() : 0;
  CaptureDevice device({.checksum = (bits & 1) != 0, .segmentation = (bits & 2) != 0}, mac);
  double counters[kCounterCount] = {};
  const std::uint32_t vlan = info[7].IsNumber() ? info[7].As<Napi::Number>().Uint32Value() : 0;
  const auto transmitter =
      std::make_unique<Transmitter>(*find_checksum_kernel(""), Counters(counters), static_cast<std::uint16_t>(vlan));
  const std::vector<std::span<const std::byte>> lent = to_regions(info[6]);
  const TxRegions regions{to_span<const std::int32_t>(info[2]), to_span<const std::int32_t>(info[3]),
                          to_span<const std::byte>(info[1]), lent};
  const auto* descs = reinterpret_cast<const Descriptor*>(words.data());
  transmitter->flush(device, regions, {descs, words.size() / kDescWords});
  Napi::Array frames = Napi::Array::New(env, device.frames.size());
  for (std::uint32_t i = 0; i < device.frames.size(); ++i) {
    const std::vector<std::byte>& frame = device.frames[i].frame;
    Napi::Uint8Array bytes = Napi::Uint8Array::New(env, frame.size());
    std::memcpy(bytes.Data(), frame.data(), frame.size());
    frames.Set(i, bytes);
  }
  return frames;
}

// (frame, VLAN, type and TCI of a tag that was taken off = 0) => boolean
Napi::Value in_vlan(const Napi::CallbackInfo& info) {
  const auto number = [&info](std::size_t index) {
    return static_cast<std::uint16_t>(info[index].IsNumber() ? info[index].As<Napi::Number>().Uint32Value() : 0);
  };
  FrameMeta meta;
  meta.tag_type = number(2);
  meta.tag_tci = number(3);
  return Napi::Boolean::New(info.Env(), is_in_vlan(to_span<const std::byte>(info[0]), meta, number(1)));
}

// () => the descriptors of three packet sockets that nobody owns: for a process without the right to open them
Napi::Value open_packet_sockets(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::vector<PacketSocket> sockets;
  for (int i = 0; i < 3; ++i) {
    Result<PacketSocket> socket = PacketSocket::open();
    if (!socket) {
      system_error(env, socket.failure(), "").ThrowAsJavaScriptException();
      return env.Undefined();
    }
    sockets.push_back(std::move(*socket));
  }
  Napi::Array fds = Napi::Array::New(env, sockets.size());
  for (std::uint32_t i = 0; i < sockets.size(); ++i) fds.Set(i, sockets[i].release());
  return fds;
}

// (table, rows, nine identity words) => row or -1
Napi::Value flow_lookup(const Napi::CallbackInfo& info) {
  const FlowTable table(to_span<const std::int32_t>(info[0]), to_span<const std::int32_t>(info[1]));
  const auto words = to_span<const std::int32_t>(info[2]);
  FlowKey key{};
  std::copy_n(words.begin(), std::min<std::size_t>(words.size(), 9), key.words);
  return Napi::Number::New(info.Env(), table.find(key));
}

// (key0, key1, words) => int32
Napi::Value half_siphash_words(const Napi::CallbackInfo& info) {
  const auto k0 = static_cast<std::uint32_t>(info[0].As<Napi::Number>().Int32Value());
  const auto k1 = static_cast<std::uint32_t>(info[1].As<Napi::Number>().Int32Value());
  const std::uint32_t hash = half_siphash<1, 3>(k0, k1, to_span<const std::int32_t>(info[2]));
  return Napi::Number::New(info.Env(), static_cast<std::int32_t>(hash));
}

// ({steering}, nine identity words) => bucket
Napi::Value flow_bucket(const Napi::CallbackInfo& info) {
  const auto words = to_span<const std::int32_t>(info[1]);
  FlowKey key{};
  std::copy_n(words.begin(), std::min<std::size_t>(words.size(), 9), key.words);
  return Napi::Number::New(info.Env(), bucket_of_flow(to_steering(info[0].As<Napi::Object>()), key));
}

// ({steering}, port) => bucket
Napi::Value port_bucket(const Napi::CallbackInfo& info) {
  const auto port = static_cast<std::uint16_t>(info[1].As<Napi::Number>().Uint32Value());
  return Napi::Number::New(info.Env(), bucket_of_port(to_steering(info[0].As<Napi::Object>()), port));
}

// ({steering}, position of each bucket) => words of the program
Napi::Value steering_program(const Napi::CallbackInfo& info) {
  std::array<std::uint8_t, kBuckets> positions{};
  const auto given = to_span<const std::uint8_t>(info[1]);
  std::copy_n(given.begin(), std::min(given.size(), positions.size()), positions.begin());
  return to_value(info.Env(), make_steering_program(to_steering(info[0].As<Napi::Object>()), positions));
}

// (filter, 'steered' or 'aside' or '') => words of the program
Napi::Value filter_program(const Napi::CallbackInfo& info) {
  Filter filter = to_filter(info[0].As<Napi::Object>());
  const std::string part = info[1].As<Napi::String>().Utf8Value();
  filter.part = part == "steered" ? Part::kSteered : part == "aside" ? Part::kAside : Part::kAll;
  return to_value(info.Env(), make_filter_program(filter, {}));
}

}  // namespace

void define_probes(Napi::Env env, Napi::Object exports) {
  exports.Set("abi", Napi::Function::New<abi>(env, "abi"));
  exports.Set("checksum", Napi::Function::New<checksum>(env, "checksum"));
  exports.Set("checksumKernels", Napi::Function::New<checksum_names>(env, "checksumKernels"));
  exports.Set("parse", Napi::Function::New<parse_frame>(env, "parse"));
  exports.Set("encode", Napi::Function::New<encode>(env, "encode"));
  exports.Set("inVlan", Napi::Function::New<in_vlan>(env, "inVlan"));
  exports.Set("openPacketSockets", Napi::Function::New<open_packet_sockets>(env, "openPacketSockets"));
  exports.Set("flowLookup", Napi::Function::New<flow_lookup>(env, "flowLookup"));
  exports.Set("flowBucket", Napi::Function::New<flow_bucket>(env, "flowBucket"));
  exports.Set("portBucket", Napi::Function::New<port_bucket>(env, "portBucket"));
  exports.Set("steeringProgram", Napi::Function::New<steering_program>(env, "steeringProgram"));
  exports.Set("filterProgram", Napi::Function::New<filter_program>(env, "filterProgram"));
  exports.Set("halfSipHash", Napi::Function::New<half_siphash_words>(env, "halfSipHash"));
}

}  // namespace usertcp
