#include "receiver.h"

#include <algorithm>
#include <cstring>

#include "vlan.h"

namespace usertcp {
namespace {

// A promiscuous interface shows what is addressed to others.
bool is_for_us(const std::byte* frame, const MacAddress& mac) {
  const bool multicast = (static_cast<std::uint8_t>(frame[0]) & 1) != 0;
  return multicast || std::memcmp(frame, mac.data(), mac.size()) == 0;
}

}  // namespace

Burst Receiver::burst(Device& device, const FlowTable& flows, std::span<Descriptor> out) {
  const std::size_t room = std::min<std::size_t>(kMaxBurst, out.size());
  const std::size_t count = device.receive(std::span(frames_).first(room));
  counters_.set(kRxRingDrops, static_cast<double>(device.ring_drops));
  counters_.set(kRxTruncated, static_cast<double>(device.truncated));
  if (count == 0) return {};

  const std::byte* memory = device.memory()->data();
  const MacAddress mac = device.mac();
  std::size_t bytes = 0;
  merger_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const RxFrame& frame = frames_[i];
    const std::byte* data = memory + frame.meta.offset;
    bytes += frame.length;
    if (frame.length >= kEthernetHeader && !is_for_us(data, mac)) {
      counters_.add(kDropNotOurs);
      continue;
    }
    if (!is_in_vlan({data, frame.length}, frame.meta, vlan_)) {
      counters_.add(kDropVlan);
      continue;
    }
    Parsed parsed = parse({data, frame.length}, frame.meta, checksum_);
    if (parsed.drop != kNoCounter) {
      counters_.add(parsed.drop);
      continue;
    }
    if ((parsed.desc.word[kRxKind] & 0xff) == kKindTcp) parsed.desc.word[kRxRow] = flows.find(parsed.key);
    merger_.add(parsed.desc);
  }
  const std::uint32_t descriptors = merger_.emit(out);
  counters_.add(kRxFrames, static_cast<double>(count));
  counters_.add(kRxBytes, static_cast<double>(bytes));
  counters_.add(kRxBatches);
  counters_.add(kRxMerged, merger_.merged());
  return {static_cast<std::uint32_t>(count), descriptors, bytes};
}

}  // namespace usertcp
