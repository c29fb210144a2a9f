#include "transmitter.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "vlan.h"

namespace usertcp {
namespace {

// A flush may block JavaScript this long when the device is full, all its batches together.
constexpr int kWaitsPerFlush = 2;
constexpr int kWaitMilliseconds = 1;

std::uint32_t word(const Descriptor& desc, int index) { return static_cast<std::uint32_t>(desc.word[index]); }

bool may_lag(const Descriptor& desc) {
  return (word(desc, kTxKind) & 0xff) == kKindTcp && (word(desc, kTxFlags) & kAckMayLag) != 0;
}

VnetHeader checksum_request(const SegmentHeaders& headers) {
  VnetHeader vnet{};
  vnet.flags = kVnetNeedsChecksum;
  vnet.checksum_start = static_cast<std::uint16_t>(headers.l4());
  vnet.checksum_offset = 16;
  return vnet;
}

}  // namespace

int Transmitter::flush(Device& device, const TxRegions& regions, std::span<const Descriptor> descs) {
  Job job{device, regions, descs, device.offload(), {}, kWaitsPerFlush};
  std::uint32_t at = 0;
  while (at < descs.size() || !batch_.empty()) {
    if (at < descs.size()) {
      const std::uint32_t used = 1 + (word(descs[at], kTxKind) >> 8 & 0xff);
      if (at + used > descs.size()) {
        counters_.add(kTxErrors);
        at = static_cast<std::uint32_t>(descs.size());
        continue;
      }
      if (try_add(job, at, used)) {
        at += used;
        continue;
      }
    }
    if (const auto refused = submit(job)) {
      at = *refused;
      job.cut_this = at;
    }
  }
  return job.down;
}

bool Transmitter::try_add(Job& job, std::uint32_t at, std::uint32_t used) {
  if (batch_.full()) return false;
  const Descriptor& desc = job.descs[at];
  const std::uint32_t kind = word(desc, kTxKind) & 0xff;
  if (kind == kKindRaw) {
    add_raw(job, at);
    return true;
  }
  const std::uint32_t size = word(desc, kTxGso);
  const bool in_segments = size != 0 && word(desc, kTxTotal) > size;
  // A device that cuts repeats the urgent pointer in every segment.
  const bool device_cuts =
      job.offload.segmentation && !gso_refused_ && (word(desc, kTxFlags) & kUrg) == 0 && job.cut_this != at;
  // If the device refuses a message we go back to its descriptor: that must not lie behind half a cut one.
  if (in_segments && !device_cuts && batch_.has_gso()) return false;

  const auto headers =
      kind == kKindTcp ? SegmentHeaders::make(desc, job.regions, job.device.mac(), vlan_) : std::nullopt;
  if (!headers || !payload_.load(job.descs.subspan(at, used), job.regions) ||
      headers->size() + payload_.total() > 0xffff) {
    counters_.add(kTxErrors);
  } else if (in_segments && !device_cuts) {
    add_cut(job, at, *headers, size);
  } else {
    add_whole(job, at, *headers, in_segments ? size : 0);
  }
  return true;
}

void Transmitter::add_raw(Job& job, std::uint32_t at) {
  const std::uint32_t offset = word(job.descs[at], kTxOff);
  const std::uint32_t length = word(job.descs[at], kTxLen);
  if (std::uint64_t{offset} + length > job.regions.arena.size()) {
    counters_.add(kTxErrors);
    return;
  }
  const std::span<const std::byte> frame = job.regions.arena.subspan(offset, length);
  std::byte* out = batch_.begin(at, {});
  if (vlan_ != 0 && lacks_tag(frame)) {
    batch_.set_header(write_tagged_addresses(out, frame, vlan_));
    batch_.add(frame.subspan(kMacAddresses));
  } else {
    batch_.set_header(0);
    batch_.add(frame);
  }
}

void Transmitter::add_whole(Job& job, std::uint32_t at, const SegmentHeaders& headers, std::uint32_t gso) {
  const Slice all{0, payload_.total(), true, true};
  if (gso == 0) return add_segment(job, at, headers, all);
  VnetHeader vnet = checksum_request(headers);
  vnet.gso_type = headers.ipv6() ? kVnetGsoTcp6 : kVnetGsoTcp4;
  // CWR belongs on the first segment only: a device without that skill leaves it to the kernel.
  if ((word(job.descs[at], kTxFlags) & kCwr) != 0) vnet.gso_type |= kVnetGsoEcn;
  vnet.gso_size = static_cast<std::uint16_t>(gso);
  vnet.header_length = static_cast<std::uint16_t>(headers.size());
  std::byte* out = batch_.begin(at, vnet);
  headers.write(out, all, checksum_);
  headers.write_partial_checksum(out, all.length);
  batch_.set_header(headers.size());
  payload_.visit(0, all.length, [this](std::span<const std::byte> part) { batch_.add(part); });
}

void Transmitter::add_cut(Job& job, std::uint32_t at, const SegmentHeaders& headers, std::uint32_t size) {
  const std::uint32_t total = payload_.total();
  for (std::uint32_t offset = 0; offset < total; offset += size) {
    if (batch_.full()) submit(job);
    const std::uint32_t length = std::min(size, total - offset);
    add_segment(job, at, headers, {offset, length, offset == 0, offset + length == total});
  }
}

void Transmitter::add_segment(const Job& job, std::uint32_t at, const SegmentHeaders& headers, const Slice& slice) {
  if (job.offload.checksum) {
    std::byte* out = batch_.begin(at, checksum_request(headers));
    headers.write(out, slice, checksum_);
    headers.write_partial_checksum(out, slice.length);
    batch_.set_header(headers.size());
    payload_.visit(slice.offset, slice.length, [this](std::span<const std::byte> part) { batch_.add(part); });
    return;
  }
  std::byte* out = batch_.begin(at, {});
  headers.write(out, slice, checksum_);
  std::uint64_t sum = 0;
  std::size_t done = 0;
  const bool copied = slice.length <= TxBatch::kInline;
  batch_.set_header(headers.size() + (copied ? slice.length : 0));
  payload_.visit(slice.offset, slice.length, [&](std::span<const std::byte> part) {
    std::uint16_t part_sum;
    if (copied) {
      part_sum = checksum_.copy(out + headers.size() + done, part.data(), part.size());
    } else {
      part_sum = checksum_.sum(part.data(), part.size());
      batch_.add(part);
    }
    sum += sum_at(part_sum, done);
    done += part.size();
  });
  headers.write_checksum(out, slice.length, fold_sum(sum), checksum_);
}

void Transmitter::submit_acks_aside(Job& job) {
  std::array<mmsghdr, TxBatch::kMessages> acks;
  unsigned count = 0;
  std::size_t bytes = 0;
  for (std::uint32_t i = 0; i < batch_.count(); ++i) {
    if (!may_lag(job.descs[batch_.owner(i)])) continue;
    acks[count++] = batch_.messages()[i];
    bytes += batch_.bytes(i, 1);
  }
  if (count == 0 || !job.device.send_aside(acks.data(), count)) return;
  count_sent(count, bytes);
  counters_.add(kTxAside, count);
  batch_.erase_if([&](std::uint32_t owner) { return may_lag(job.descs[owner]); });
}

void Transmitter::count_sent(std::uint32_t frames, std::size_t bytes) {
  counters_.add(kTxBatches);
  counters_.add(kTxFrames, frames);
  counters_.add(kTxBytes, static_cast<double>(bytes));
}

std::optional<std::uint32_t> Transmitter::submit(Job& job) {
  if (job.down == 0 && job.device.wants_aside()) submit_acks_aside(job);
  std::uint32_t at = 0;
  std::optional<std::uint32_t> refused;
  while (at < batch_.count() && job.down == 0) {
    const int sent = job.device.send(batch_.messages() + at, batch_.count() - at);
    if (sent > 0) {
      const auto count = static_cast<std::uint32_t>(sent);
      for (std::uint32_t i = at; i < at + count; ++i) gso_proven_ = gso_proven_ || batch_.is_gso(i);
      count_sent(count, batch_.bytes(at, count));
      at += count;
      continue;
    }
    const int error = -sent;
    if (error == EINTR) continue;
    if (error == EAGAIN && job.waits_left-- > 0) {
      job.device.wait_writable(kWaitMilliseconds);
    } else if (error == EAGAIN) {
      counters_.add(kTxAgain, batch_.count() - at);
      break;
    } else if (error == ENETDOWN || error == ENXIO || error == ENODEV) {
      job.down = error;
      break;
    } else if ((error == ENOBUFS || error == EINVAL) && batch_.is_gso(at)) {
      // Before any super-segment went through: the device does not take them. Later: a full queue said so once.
      gso_refused_ = gso_refused_ || !gso_proven_;
      counters_.add(kGsoFallbacks);
      refused = batch_.owner(at);
      break;
    } else {
      counters_.add(kTxErrors);
      ++at;
    }
  }
  if (job.down != 0) counters_.add(kTxErrors, batch_.count() - at);
  if (job.device.aside_lost != 0) counters_.add(kTxErrors, std::exchange(job.device.aside_lost, 0));
  batch_.clear();
  return refused;
}

}  // namespace usertcp
