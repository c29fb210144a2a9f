#include "link_wrap.h"

#include "../core/packet_device.h"
#include "../core/tap_device.h"
#include "../core/vlan.h"
#include "arguments.h"

namespace usertcp {
namespace {

constexpr std::uint32_t kRxDescriptors = 512;
constexpr std::uint32_t kTxDescriptors = 1024;
constexpr std::uint32_t kSpinMicroseconds = 60;

Result<std::unique_ptr<Device>> open_device(const Napi::Object& options, LinkKind kind) {
  const std::string name = string_option(options, "device");
  const std::optional<MacAddress> mac = mac_option(options, "mac");
  if (kind == LinkKind::kTap) {
    TapOptions tap{.name = name, .mac = mac.value_or(MacAddress{})};
    tap.slots = number_option(options, "slots", tap.slots);
    auto device = TapDevice::open(tap);
    if (!device) return device.failure();
    return std::unique_ptr<Device>(std::move(*device));
  }
  PacketOptions packet{.name = name, .mac = mac};
  packet.small_slots = number_option(options, "smallSlots", packet.small_slots);
  packet.large_slots = number_option(options, "largeSlots", packet.large_slots);
  packet.aside_slots = number_option(options, "asideSlots", packet.aside_slots);
  packet.kernel_cuts = number_option(options, "kernelCuts", 1) != 0;
  packet.fds = integers_option(options, "fds");
  auto device = PacketDevice::open(packet);
  if (!device) return device.failure();
  return std::unique_ptr<Device>(std::move(*device));
}

}  // namespace

// Closing a packet socket waits for a grace period of the kernel (about 12 ms): not on the JavaScript thread.
class LinkWrap::Closer final : public Napi::AsyncWorker {
 public:
  Closer(Napi::Env env, LinkWrap& link, std::unique_ptr<Engine> engine)
      : AsyncWorker(env, "usertcp.close"), link_(link), engine_(std::move(engine)) {}
  void Execute() override { engine_.reset(); }
  void OnOK() override { link_.finish(); }

 private:
  LinkWrap& link_;
  std::unique_ptr<Engine> engine_;
};

Napi::Function LinkWrap::define(Napi::Env env, const char* name, LinkKind kind) {
  return DefineClass(env, name,
                     {
                         InstanceMethod<&LinkWrap::attach>("attach"),
                         InstanceMethod<&LinkWrap::lend>("lend"),
                         InstanceMethod<&LinkWrap::start>("start"),
                         InstanceMethod<&LinkWrap::flush>("flush"),
                         InstanceMethod<&LinkWrap::set_filter>("setFilter"),
                         InstanceMethod<&LinkWrap::read_long>("readLong"),
                         InstanceMethod<&LinkWrap::join>("join"),
                         InstanceMethod<&LinkWrap::steer>("steer"),
                         InstanceMethod<&LinkWrap::reopen>("reopen"),
                         InstanceMethod<&LinkWrap::changed>("changed"),
                         InstanceMethod<&LinkWrap::ref>("ref"),
                         InstanceMethod<&LinkWrap::unref>("unref"),
                         InstanceMethod<&LinkWrap::close>("close"),
                         InstanceMethod<&LinkWrap::facts>("facts"),
                         InstanceAccessor<&LinkWrap::rx_memory>("rxMemory"),
                         InstanceAccessor<&LinkWrap::rx>("rx"),
                         InstanceAccessor<&LinkWrap::tx>("tx"),
                         InstanceAccessor<&LinkWrap::counters>("counters"),
                     },
                     reinterpret_cast<void*>(kind));
}

LinkWrap::LinkWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const auto kind = static_cast<LinkKind>(reinterpret_cast<std::intptr_t>(info.Data()));
  if (!open(info, kind)) return;
  // Open sockets belong to the event loop, not to the garbage collector.
  Ref();
  napi_add_async_cleanup_hook(info.Env(), on_environment_exit, this, &cleanup_);
}

bool LinkWrap::open(const Napi::CallbackInfo& info, LinkKind kind) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) {
    Napi::TypeError::New(env, "an options object is needed").ThrowAsJavaScriptException();
    return false;
  }
  const auto options = info[0].As<Napi::Object>();
  const std::string wanted = string_option(options, "checksum");
  const ChecksumKernel* checksum = find_checksum_kernel(wanted);
  if (checksum == nullptr) {
    const std::string allowed = supported_checksum_names();
    Napi::TypeError::New(env, "checksum kernel '" + wanted + "' (USERTCP_CHECKSUM) is not one of: " + allowed)
        .ThrowAsJavaScriptException();
    return false;
  }
  const std::uint32_t vlan = number_option(options, "vlan", 0);
  if (vlan > kLastVlan) {
    Napi::RangeError::New(env, "vlan is one of 1 to 4094, or 0 for untagged frames").ThrowAsJavaScriptException();
    return false;
  }
  uv_loop_t* loop = nullptr;
  napi_get_uv_event_loop(env, &loop);
  Result<std::unique_ptr<Device>> device = open_device(options, kind);
  if (!device) {
    system_error(env, device.failure(), string_option(options, "device")).ThrowAsJavaScriptException();
    return false;
  }
  const std::uint32_t rx_descriptors = number_option(options, "rxDescriptors", kRxDescriptors);
  const std::uint32_t tx_descriptors = number_option(options, "txDescriptors", kTxDescriptors);
  const auto buffer = [env](std::size_t bytes) { return Napi::ArrayBuffer::New(env, bytes); };
  Napi::ArrayBuffer rx = buffer(rx_descriptors * sizeof(Descriptor));
  Napi::ArrayBuffer tx = buffer(tx_descriptors * sizeof(Descriptor));
  Napi::ArrayBuffer counters = buffer(kCounterCount * sizeof(double));
  // To open takes a while. When the worker was terminated meanwhile, Node-API makes nothing any more, and to refer to nothing would
  // end the process.
  if (rx.IsEmpty() || tx.IsEmpty() || counters.IsEmpty()) return false;
  rx_ = Napi::Persistent(rx);
  tx_ = Napi::Persistent(tx);
  counters_ = Napi::Persistent(counters);

  // The mapping lives until both the engine and JavaScript have let go of it.
  auto* memory = new Shared<Mapping>((*device)->memory());
  Napi::ArrayBuffer rx_memory = Napi::ArrayBuffer::New(
      env, (*memory)->data(), (*memory)->size(), [](Napi::Env, void*, Shared<Mapping>* hint) { delete hint; }, memory);
  if (rx_memory.IsEmpty()) {
    delete memory;  // nobody else will: the mapping keeps the sockets
    return false;
  }
  rx_memory_ = Napi::Persistent(rx_memory);

  engine_ = std::make_unique<Engine>(std::move(*device), *checksum,
                                     std::span(static_cast<Descriptor*>(rx.Data()), rx_descriptors),
                                     std::span(static_cast<const Descriptor*>(tx.Data()), tx_descriptors),
                                     static_cast<double*>(counters.Data()), static_cast<std::uint16_t>(vlan));
  Poller::Client& client = *this;
  poller_ = std::make_unique<Poller>(loop, *engine_, client, number_option(options, "spinMicros", kSpinMicroseconds));
  context_ = std::make_unique<Napi::AsyncContext>(env, "usertcp.link", Value());
  return true;
}

Napi::Value LinkWrap::attach(const Napi::CallbackInfo& info) {
  if (!engine_) return info.Env().Undefined();
  Napi::Object kept = Napi::Object::New(info.Env());
  for (std::uint32_t i = 0; i < 4; ++i) kept.Set(i, info[i]);
  regions_ = Napi::Persistent(kept);
  engine_->attach({to_span<const std::int32_t>(info[0]), to_span<const std::int32_t>(info[1]),
                   to_span<const std::int32_t>(info[2]), to_span<const std::byte>(info[3])});
  return info.Env().Undefined();
}

// (region, bytes or null). JavaScript keeps the buffer alive until it takes the region back.
Napi::Value LinkWrap::lend(const Napi::CallbackInfo& info) {
  if (!engine_) return info.Env().Undefined();
  const bool given = info[1].IsTypedArray();
  engine_->lend(info[0].As<Napi::Number>().Uint32Value(),
                given ? to_span<const std::byte>(info[1]) : std::span<const std::byte>());
  return info.Env().Undefined();
}

Napi::Value LinkWrap::start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!engine_) return env.Undefined();
  on_burst_ = Napi::Persistent(info[0].As<Napi::Function>());
  on_down_ = Napi::Persistent(info[1].As<Napi::Function>());
  if (const int error = poller_->start(); error != 0) {
    system_error(env, {error, "uv_poll_start"}, engine_->device().name()).ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

Napi::Value LinkWrap::flush(const Napi::CallbackInfo& info) {
  const int down = engine_ ? engine_->flush(info[0].As<Napi::Number>().Uint32Value()) : 0;
  return Napi::Number::New(info.Env(), down);
}

Napi::Value LinkWrap::set_filter(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!engine_ || !info[0].IsObject()) return env.Undefined();
  if (const Status failed = engine_->device().set_filter(to_filter(info[0].As<Napi::Object>()))) {
    system_error(env, *failed, engine_->device().name()).ThrowAsJavaScriptException();
  }
  return env.Undefined();
}

Napi::Value LinkWrap::read_long(const Napi::CallbackInfo& info) {
  const bool there = engine_ && engine_->device().read_long(info[0].ToBoolean().Value());
  return Napi::Boolean::New(info.Env(), there);
}

// 0 when the device is there (again), else errno.
Napi::Value LinkWrap::reopen(const Napi::CallbackInfo& info) {
  if (!engine_) return Napi::Number::New(info.Env(), 0);
  const Status failed = engine_->reopen();
  const int error = failed ? failed->error : on_burst_.IsEmpty() ? 0 : poller_->start();
  return Napi::Number::New(info.Env(), error);
}

Napi::Value LinkWrap::changed(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), engine_ && engine_->device().changed());
}

Napi::Value LinkWrap::ref(const Napi::CallbackInfo& info) {
  if (poller_) poller_->ref();
  return info.Env().Undefined();
}

Napi::Value LinkWrap::unref(const Napi::CallbackInfo& info) {
  if (poller_) poller_->unref();
  return info.Env().Undefined();
}

Napi::Value LinkWrap::facts(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!engine_) return env.Undefined();
  const Device& device = engine_->device();
  Napi::Object facts = Napi::Object::New(env);
  const MacAddress& mac = device.mac();
  Napi::Uint8Array bytes = Napi::Uint8Array::New(env, mac.size());
  if (bytes.IsEmpty()) return env.Undefined();  // this worker was terminated
  std::copy(mac.begin(), mac.end(), bytes.Data());
  facts.Set("name", device.name());
  facts.Set("mac", bytes);
  facts.Set("mtu", device.mtu());
  facts.Set("index", device.index());
  facts.Set("checksum", device.offload().checksum);
  facts.Set("segmentation", device.offload().segmentation);
  facts.Set("capacity", static_cast<double>(device.capacity()));
  facts.Set("nearRefused", device.near_refused());
  return facts;
}

Napi::Value LinkWrap::rx_memory(const Napi::CallbackInfo&) { return rx_memory_.Value(); }
Napi::Value LinkWrap::rx(const Napi::CallbackInfo&) { return rx_.Value(); }
Napi::Value LinkWrap::tx(const Napi::CallbackInfo&) { return tx_.Value(); }
Napi::Value LinkWrap::counters(const Napi::CallbackInfo&) { return counters_.Value(); }

void LinkWrap::call(const Napi::FunctionReference& function, double argument) {
  const Napi::Env env = Env();
  const Napi::HandleScope scope(env);
  function.MakeCallback(Value(), {Napi::Number::New(env, argument)}, *context_);
  if (!env.IsExceptionPending()) return;
  // As any other callback of Node: it reaches 'uncaughtException'.
  napi_value error = nullptr;
  napi_get_and_clear_last_exception(env, &error);
  napi_fatal_exception(env, error);
}

void LinkWrap::on_burst(std::uint32_t descriptors) { call(on_burst_, descriptors); }
void LinkWrap::on_down(int error) { call(on_down_, error); }

Napi::Value LinkWrap::close(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!closing_) {
    closing_ = Napi::Promise::Deferred::New(env);
    // Views that the application kept become empty; they must not show the ring's next frames.
    rx_memory_.Value().Detach();
    if (poller_) {
      poller_->stop();
    } else {
      closing_->Resolve(env.Undefined());
    }
  }
  return closing_->Promise();
}

void LinkWrap::on_stopped() {
  if (exiting_) {
    engine_.reset();
    finish();
    return;
  }
  const Napi::HandleScope scope(Env());
  (new Closer(Env(), *this, std::move(engine_)))->Queue();
}

void LinkWrap::on_environment_exit(napi_async_cleanup_hook_handle, void* data) {
  auto* self = static_cast<LinkWrap*>(data);
  self->exiting_ = true;
  self->poller_->stop();
}

void LinkWrap::finish() {
  const napi_async_cleanup_hook_handle cleanup = std::exchange(cleanup_, nullptr);
  if (!exiting_) {
    const Napi::HandleScope scope(Env());
    closing_->Resolve(Env().Undefined());
    regions_.Reset();
    on_burst_.Reset();
    on_down_.Reset();
    Unref();
  }
  // Last: the environment may go away as soon as its hook is gone.
  napi_remove_async_cleanup_hook(cleanup);
}

}  // namespace usertcp
