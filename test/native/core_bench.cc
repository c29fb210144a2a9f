// Each case returns into a sink; memcpy is the negative control: nothing that reads all bytes can be faster.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>

#include "core/capture_device.h"
#include "core/checksum.h"
#include "core/flow_table.h"
#include "core/gro.h"
#include "core/headers.h"
#include "core/transmitter.h"
#include "frames.h"

namespace usertcp {
namespace {

void checksum_sum(benchmark::State& state, const ChecksumKernel* kernel) {
  const test::Bytes data = test::some_bytes(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(kernel->sum(test::view(data).data(), data.size()));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void checksum_copy(benchmark::State& state, const ChecksumKernel* kernel) {
  const test::Bytes data = test::some_bytes(state.range(0));
  const auto to = std::make_unique<std::byte[]>(data.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(kernel->copy(to.get(), test::view(data).data(), data.size()));
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void control_memcpy(benchmark::State& state) {
  const test::Bytes data = test::some_bytes(state.range(0));
  const auto to = std::make_unique<std::byte[]>(data.size());
  for (auto _ : state) {
    std::memcpy(to.get(), data.data(), data.size());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(control_memcpy)->Arg(1448);

const int registered = [] {
  for (const ChecksumKernel& kernel : checksum_kernels()) {
    if (!kernel.supported()) continue;
    const std::string name = kernel.name;
    benchmark::RegisterBenchmark(("sum/" + name).c_str(), checksum_sum, &kernel)->Arg(40)->Arg(1448)->Arg(65483);
    benchmark::RegisterBenchmark(("copy/" + name).c_str(), checksum_copy, &kernel)->Arg(1448);
  }
  return 0;
}();

void parse_segment(benchmark::State& state) {
  const test::Bytes frame = test::ethernet(
      kTypeIpv4, test::ipv4(6, test::tcp({.options = test::kTimestamps, .payload = test::some_bytes(1448)})));
  const FrameMeta meta{.vnet_flags = static_cast<std::uint8_t>(state.range(0))};
  const ChecksumKernel& kernel = *find_checksum_kernel("");
  for (auto _ : state) benchmark::DoNotOptimize(parse(test::view(frame), meta, kernel));
}
BENCHMARK(parse_segment)->ArgName("trusted")->Arg(0)->Arg(1);

void flow_hash(benchmark::State& state) {
  const std::vector<std::int32_t> table(64, 1);
  const FlowTable flows(table, {});
  FlowKey key;
  key.set_ipv4(1, 2, 3);
  for (auto _ : state) benchmark::DoNotOptimize(flows.hash(key));
}
BENCHMARK(flow_hash);

void merge_burst(benchmark::State& state) {
  const auto merger = std::make_unique<Merger>();
  std::vector<Descriptor> out(kMaxBurst);
  Descriptor d{};
  d.word[kRxKind] = kKindTcp;
  d.word[kRxFlags] = kAck;
  d.word[kRxLen] = d.word[kRxTotal] = 1448;
  d.word[kRxGso] = 1 << 16;
  for (auto _ : state) {
    merger->clear();
    for (std::uint32_t i = 0; i < kMaxBurst; ++i) {
      d.word[kRxSeq] = static_cast<std::int32_t>(1448 * i);
      merger->add(d);
    }
    benchmark::DoNotOptimize(merger->emit(out));
  }
  state.SetItemsProcessed(state.iterations() * kMaxBurst);
}
BENCHMARK(merge_burst);

// Swallows messages: what is measured is our side of sendmmsg.
struct NullDevice final : CaptureDevice {
  explicit NullDevice(Offload offload) : CaptureDevice(offload, {}) {}
  int send(mmsghdr* messages, unsigned count) override {
    benchmark::DoNotOptimize(messages);
    return static_cast<int>(count);
  }
};

// 60 KB: one super-segment, or cut and summed here.
void transmit_super_segment(benchmark::State& state) {
  const bool offload = state.range(0) != 0;
  NullDevice device({offload, offload});
  double counters[kCounterCount] = {};
  const auto transmitter = std::make_unique<Transmitter>(*find_checksum_kernel(""), Counters(counters));
  std::vector<std::int32_t> rows(kRowWords), hops(kHopWords);
  rows[3] = rows[7] = 0xffff;
  const test::Bytes arena = test::some_bytes(65536);
  Descriptor d{};
  d.word[kTxKind] = kKindTcp;
  d.word[kTxFlags] = kAck;
  d.word[kTxLen] = d.word[kTxTotal] = 60000;
  d.word[kTxGso] = 1448;
  d.word[kTxOpts] = kOptTs;
  for (auto _ : state) transmitter->flush(device, {rows, hops, test::view(arena), {}}, {&d, 1});
  state.SetBytesProcessed(state.iterations() * 60000);
}
BENCHMARK(transmit_super_segment)->ArgName("offload")->Arg(1)->Arg(0);

}  // namespace
}  // namespace usertcp
