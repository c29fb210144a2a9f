// usertcp_instructions [CHECKSUM [CASE TIMES]]: one case so many times, for bench/micro/instructions.mjs to count. Without a CASE:
// the cases, how many segments or look-ups one time is, and the checksum's kernel.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "core/capture_device.h"
#include "core/receiver.h"
#include "core/transmitter.h"
#include "frames.h"

namespace usertcp {
namespace {

using test::Bytes;
using N = std::uint64_t;

constexpr std::uint32_t kPayload = 1448;
const ChecksumKernel* kernel;

// The compiler must believe that somebody reads this.
template <class T>
void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

// Inlined into each case: the loop is the same everywhere, and "nothing" is what it costs.
template <class Work>
void repeat(N times, Work work) {
  for (N n = 0; n < times; ++n) {
    work(n);
    keep(n);
  }
}

// Flows to one port, as src/wire/flow-table.ts would have laid them: at most half of the slots are taken.
struct Flows {
  explicit Flows(std::uint32_t count) : rows(std::size_t{count} * kRowWords) {
    std::uint32_t mask = 63;
    while (mask + 1 < 2 * count) mask = 2 * mask + 1;
    words.resize(kFlowHeaderWords + 2 * (std::size_t{mask} + 1));
    words[kFlowMask] = static_cast<std::int32_t>(mask);
    words[kFlowArea] = kFlowHeaderWords;
    words[kFlowPrevMask] = -1;
    for (std::uint32_t row = 0; row < count; ++row) {
      const FlowKey key = Flows::key(row);
      std::copy(std::begin(key.words), std::end(key.words), &rows[std::size_t{row} * kRowWords]);
      const std::int32_t tag = reader().hash(key);
      std::uint32_t slot = static_cast<std::uint32_t>(tag) & mask;
      while (words[kFlowHeaderWords + 2 * slot + 1] != 0) slot = (slot + 1) & mask;
      words[kFlowHeaderWords + 2 * slot] = tag;
      words[kFlowHeaderWords + 2 * slot + 1] = static_cast<std::int32_t>(row + 1);
    }
  }
  FlowTable reader() const { return {words, rows}; }
  // That of segment() is row 0; from `count` on they are nobody's.
  static FlowKey key(std::uint32_t n) {
    FlowKey key;
    key.set_ipv4(5000 << 16 | 6000, 0x0a000002, static_cast<std::int32_t>(0x0a000001 + n));
    return key;
  }
  std::vector<std::int32_t> words, rows;
};

// A full ring for ever, and messages go nowhere: what is counted is our side of it.
struct EndlessDevice final : CaptureDevice {
  explicit EndlessDevice(Offload offload) : CaptureDevice(offload, {2, 0, 0, 0, 0, 1}) {}
  void show(std::uint32_t slot, const Bytes& frame) {
    frames_[slot] = {{.offset = slot * 2048}, static_cast<std::uint32_t>(frame.size())};
    std::copy(frame.begin(), frame.end(), reinterpret_cast<std::uint8_t*>(memory_->data()) + frames_[slot].meta.offset);
  }
  std::size_t receive(std::span<RxFrame> frames) override {
    std::copy(frames_.begin(), frames_.end(), frames.begin());
    return frames_.size();
  }
  int send(mmsghdr* messages, unsigned count) override {
    keep(messages);
    return static_cast<int>(count);
  }
  const Shared<Mapping>& memory() const override { return memory_; }
  Shared<Mapping> memory_ = *Mapping::allocate(kMaxBurst * std::size_t{2048});
  std::array<RxFrame, kMaxBurst> frames_;
};

Bytes segment(std::uint32_t payload, std::uint32_t seq = 1000) {
  const test::Tcp tcp{.seq = seq, .options = test::kTimestamps, .payload = test::some_bytes(payload)};
  return test::ethernet(kTypeIpv4, test::ipv4(6, test::tcp(tcp)));
}

void parse_frame(N times, std::uint32_t payload, std::uint8_t vnet_flags) {
  const Bytes frame = segment(payload);
  const FrameMeta meta{.vnet_flags = vnet_flags};
  if (parse(test::view(frame), meta, *kernel).drop != kNoCounter) std::abort();
  repeat(times, [&](N) { keep(parse(test::view(frame), meta, *kernel)); });
}

void sum_payload(N times) {
  const Bytes data = test::some_bytes(kPayload);
  repeat(times, [&](N) { keep(kernel->sum(test::view(data).data(), data.size())); });
}

void find_flow(N times, std::uint32_t count, bool miss) {
  const Flows flows(count);
  const FlowTable table = flows.reader();
  std::vector<FlowKey> keys(1 << 16);
  for (std::uint32_t n = 0; n < keys.size(); ++n) {
    keys[n] = Flows::key(n * 7919ull % count + (miss ? count : 0));
    if ((table.find(keys[n]) < 0) != miss) std::abort();
  }
  repeat(times, [&](N n) { keep(table.find(keys[n % keys.size()])); });
}

void merge_burst(N times) {
  const Bytes frame = segment(kPayload);
  std::array<Descriptor, kMaxBurst> segments;
  segments.fill(parse(test::view(frame), {}, *kernel).desc);
  for (std::uint32_t n = 0; n < kMaxBurst; ++n) {
    segments[n].word[kRxRow] = 0;
    segments[n].word[kRxSeq] += static_cast<std::int32_t>(n * kPayload);
  }
  const auto merger = std::make_unique<Merger>();
  std::vector<Descriptor> out(kMaxBurst);
  repeat(times, [&](N) {
    merger->clear();
    for (const Descriptor& d : segments) merger->add(d);
    keep(merger->emit(out));
  });
}

// What Receiver does with a burst: everything between the ring and the descriptors.
void receive_burst(N times, std::uint32_t payload) {
  EndlessDevice device({});
  for (std::uint32_t n = 0; n < kMaxBurst; ++n) device.show(n, segment(payload, 1000 + n * payload));
  const Flows flows(1000);
  double counters[kCounterCount] = {};
  const auto receiver = std::make_unique<Receiver>(*kernel, Counters(counters), 0);
  std::vector<Descriptor> out(kMaxBurst);
  repeat(times, [&](N) { keep(receiver->burst(device, flows.reader(), out)); });
  if ((counters[kRxMerged] > 0) != (payload > 0)) std::abort();
}

void transmit(N times, std::uint32_t count, std::uint32_t payload, bool offload) {
  EndlessDevice device({offload, offload});
  double counters[kCounterCount] = {};
  const auto transmitter = std::make_unique<Transmitter>(*kernel, Counters(counters));
  std::vector<std::int32_t> rows(kRowWords), hops(kHopWords);
  rows[3] = rows[7] = 0xffff;
  const Bytes arena = test::some_bytes(65536);
  Descriptor d{};
  d.word[kTxKind] = kKindTcp;
  d.word[kTxFlags] = kAck;
  d.word[kTxLen] = d.word[kTxTotal] = static_cast<std::int32_t>(payload);
  d.word[kTxGso] = kPayload;
  d.word[kTxOpts] = kOptTs;
  const std::vector<Descriptor> descs(count, d);
  repeat(times, [&](N) { transmitter->flush(device, {rows, hops, test::view(arena), {}}, descs); });
  if (counters[kTxErrors] != 0) std::abort();
}

struct Case {
  const char* name;
  std::uint32_t things;
  void (*run)(N times);
};

constexpr Case kCases[] = {
    {"nothing", 1, [](N n) { repeat(n, [](N) {}); }},
    {"checksum of 1448 B", 1, sum_payload},
    {"parse 1514 B, sum checked", 1, [](N n) { parse_frame(n, kPayload, 0); }},
    {"parse 1514 B, sum trusted", 1, [](N n) { parse_frame(n, kPayload, kVnetDataValid); }},
    {"parse ACK of 66 B, sum checked", 1, [](N n) { parse_frame(n, 0, 0); }},
    {"parse ACK of 66 B, sum trusted", 1, [](N n) { parse_frame(n, 0, kVnetDataValid); }},
    {"find among 1 k flows, hit", 1, [](N n) { find_flow(n, 1'000, false); }},
    {"find among 1 k flows, miss", 1, [](N n) { find_flow(n, 1'000, true); }},
    {"find among 100 k flows, hit", 1, [](N n) { find_flow(n, 100'000, false); }},
    {"find among 100 k flows, miss", 1, [](N n) { find_flow(n, 100'000, true); }},
    {"merge 32 segments", kMaxBurst, merge_burst},
    {"receive 32 x 1514 B", kMaxBurst, [](N n) { receive_burst(n, kPayload); }},
    {"receive 32 ACKs", kMaxBurst, [](N n) { receive_burst(n, 0); }},
    {"send 32 ACKs, summed here", kMaxBurst, [](N n) { transmit(n, kMaxBurst, 0, false); }},
    {"send 46 KB, cut and summed here", 32, [](N n) { transmit(n, 1, 32 * kPayload, false); }},
    {"send 46 KB, left to the device", 1, [](N n) { transmit(n, 1, 32 * kPayload, true); }},
};

}  // namespace
}  // namespace usertcp

int main(int argc, char** argv) {
  usertcp::kernel = usertcp::find_checksum_kernel(argc > 1 ? argv[1] : "");
  if (usertcp::kernel == nullptr) return 2;
  for (const auto& [name, things, run] : usertcp::kCases) {
    if (argc < 4) std::printf("%s\t%u\t%s\n", name, things, usertcp::kernel->name);
    if (argc == 4 && std::string_view(argv[2]) == name) run(std::strtoull(argv[3], nullptr, 10));
  }
  return 0;
}
