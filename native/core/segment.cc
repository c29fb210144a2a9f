#include "segment.h"

#include <algorithm>
#include <cstring>

#include "bytes.h"
#include "vlan.h"

namespace usertcp {
namespace {

constexpr std::uint32_t kIpv4Header = 20;
constexpr std::uint32_t kIpv4Options = 40;
constexpr std::uint32_t kIpv6Header = 40;
constexpr std::uint32_t kTcpHeader = 20;
constexpr std::uint32_t kTimestampOption = 12;
constexpr std::uint32_t kDefaultTtl = 64;  // RFC 1122 §3.2.1.7, value of RFC 1700

std::uint32_t word(const Descriptor& desc, int index) { return static_cast<std::uint32_t>(desc.word[index]); }

// The words of one row or hop, or null when the table does not reach that far.
const std::int32_t* entry(std::span<const std::int32_t> table, std::int32_t index, std::int32_t words) {
  if (index < 0) return nullptr;
  const std::size_t at = static_cast<std::size_t>(index) * static_cast<std::size_t>(words);
  return at + static_cast<std::size_t>(words) <= table.size() ? table.data() + at : nullptr;
}

}  // namespace

std::optional<SegmentHeaders> SegmentHeaders::make(const Descriptor& desc, const TxRegions& regions,
                                                   const MacAddress& source, std::uint16_t vlan) {
  const std::int32_t* row = entry(regions.rows, desc.word[kTxRow], kRowWords);
  const std::int32_t* hop =
      desc.word[kTxHop] < 0 ? nullptr : entry(regions.hops, desc.word[kTxHop] & 0xffff, kHopWords);
  const std::uint32_t route_entry = word(desc, kTxHop) >> 16;
  const std::uint32_t more = word(desc, kTxOptLen);
  const std::uint32_t timestamps = (word(desc, kTxOpts) & kOptTs) != 0 ? kTimestampOption : 0;
  if (row == nullptr || hop == nullptr || more % 4 != 0 || more + timestamps > 40) return {};
  const std::uint32_t at = word(desc, kTxOptOff);
  if (more > 0 && std::uint64_t{at} + more > regions.arena.size()) return {};
  SegmentHeaders headers;
  headers.write_ethernet(hop, source, vlan);
  headers.write_ip(desc, row);
  if (route_entry != 0 && !headers.ipv6_) {
    const std::int32_t* route = entry(regions.hops, static_cast<std::int32_t>(route_entry), kHopWords);
    const std::uint32_t options = route == nullptr ? 0 : static_cast<std::uint32_t>(route[kRouteLength]);
    if (options == 0 || options > kIpv4Options || options % 4 != 0) return {};
    headers.write_route(route);
  }
  headers.write_tcp(desc, row, regions.arena.subspan(more > 0 ? at : 0, more));
  return headers;
}

void SegmentHeaders::write_ethernet(const std::int32_t* hop, const MacAddress& source, std::uint16_t vlan) {
  std::byte* p = bytes_.data();
  const auto low = static_cast<std::uint32_t>(hop[kHopMacLo]);
  store_be32(p, static_cast<std::uint32_t>(hop[kHopMacHi]));
  store_be16(p + 4, low >> 16);
  std::memcpy(p + 6, source.data(), source.size());
  l3_ = kEthernetHeader;
  const std::uint32_t tci = (low & 0xffff) | ((low & kVlanIdMask) == 0 ? vlan : 0);
  if (tci != 0) {
    store_be16(p + 12, kTypeVlan);
    store_be16(p + 14, tci);
    l3_ += kVlanTag;
  }
}

void SegmentHeaders::write_ip(const Descriptor& desc, const std::int32_t* row) {
  const std::int32_t* local = row + kRowLaddr;
  const std::int32_t* remote = row + kRowRaddr;
  ipv6_ = !(local[0] == 0 && local[1] == 0 && local[2] == static_cast<std::int32_t>(kMappedPrefix));
  const std::uint32_t tos = word(desc, kTxIp) & 0xff;
  const std::uint32_t wanted_ttl = word(desc, kTxIp) >> 8 & 0xff;
  const std::uint32_t ttl = wanted_ttl != 0 ? wanted_ttl : kDefaultTtl;
  std::byte* ip = bytes_.data() + l3_;
  store_be16(ip - 2, ipv6_ ? kTypeIpv6 : kTypeIpv4);
  if (ipv6_) {
    store_be32(ip, 6u << 28 | tos << 20);
    store_be16(ip + 4, 0);
    store_8(ip + 6, kProtocolTcp);
    store_8(ip + 7, ttl);
    for (int i = 0; i < 4; ++i) {
      store_be32(ip + 8 + 4 * i, static_cast<std::uint32_t>(local[i]));
      store_be32(ip + 24 + 4 * i, static_cast<std::uint32_t>(remote[i]));
    }
    l4_ = l3_ + kIpv6Header;
  } else {
    store_be32(ip, 0x45u << 24 | tos << 16);
    // Don't Fragment, so the identification means nothing: RFC 6864 §4.1.
    store_be32(ip + 4, 0x4000);
    store_be32(ip + 8, ttl << 24 | std::uint32_t{kProtocolTcp} << 16);
    store_be32(ip + 12, static_cast<std::uint32_t>(local[3]));
    store_be32(ip + 16, static_cast<std::uint32_t>(remote[3]));
    l4_ = l3_ + kIpv4Header;
  }
  const std::uint32_t addresses = ipv6_ ? 32 : 8;
  addresses_sum_ = checksum_kernels().front().sum(bytes_.data() + l4_ - addresses, addresses);
}

// RFC 791 §3.1: the header goes to the first address of the route, its options name the others. The pseudo-header keeps the last.
void SegmentHeaders::write_route(const std::int32_t* route) {
  std::byte* ip = bytes_.data() + l3_;
  const auto options = static_cast<std::uint32_t>(route[kRouteLength]);
  store_8(ip, 0x40u | (kIpv4Header + options) / 4);
  store_be32(ip + 16, static_cast<std::uint32_t>(route[kRouteFirst]));
  for (std::uint32_t n = 0; n < options; n += 4) {
    store_be32(ip + kIpv4Header + n, static_cast<std::uint32_t>(route[kRouteOptions + n / 4]));
  }
  l4_ += options;
}

void SegmentHeaders::write_tcp(const Descriptor& desc, const std::int32_t* row,
                               std::span<const std::byte> more_options) {
  std::byte* tcp = bytes_.data() + l4_;
  std::byte* option = tcp + kTcpHeader;
  if ((word(desc, kTxOpts) & kOptTs) != 0) {
    store_be32(option, 0x0101080a);  // NOP NOP kind 8 length 10: RFC 7323 appendix A
    store_be32(option + 4, word(desc, kTxTsval));
    store_be32(option + 8, word(desc, kTxTsecr));
    option += kTimestampOption;
  }
  if (!more_options.empty()) std::memcpy(option, more_options.data(), more_options.size());
  const auto length = static_cast<std::uint32_t>(option - tcp + static_cast<std::ptrdiff_t>(more_options.size()));
  size_ = l4_ + length;
  seq_ = word(desc, kTxSeq);
  flags_ = word(desc, kTxFlags) & 0xff;
  urgent_ = word(desc, kTxOpts) >> 16;
  store_be32(tcp, static_cast<std::uint32_t>(row[kRowPorts]));
  store_be32(tcp + 4, seq_);
  store_be32(tcp + 8, word(desc, kTxAck));
  store_8(tcp + 12, length / 4 << 4 | (word(desc, kTxFlags) >> 8 & 15));
  store_8(tcp + 13, flags_);
  store_be16(tcp + 14, word(desc, kTxFlags) >> 16);
  store_be32(tcp + 16, 0);
}

void SegmentHeaders::write(std::byte* out, const Slice& slice, const ChecksumKernel& checksum) const {
  std::memcpy(out, bytes_.data(), size_);
  std::byte* ip = out + l3_;
  std::byte* tcp = out + l4_;
  const std::uint32_t l4_length = size_ - l4_ + slice.length;
  if (ipv6_) {
    store_be16(ip + 4, l4_length);
  } else {
    const std::uint32_t header = l4_ - l3_;
    store_be16(ip + 2, l4_length + header);
    const auto sum = static_cast<std::uint16_t>(~checksum.sum(ip, header));
    std::memcpy(ip + 10, &sum, sizeof sum);
  }
  store_be32(tcp + 4, seq_ + slice.offset);
  std::uint32_t flags = flags_;
  if (!slice.first) flags &= ~static_cast<std::uint32_t>(kCwr);  // RFC 3168 §6.1.2: once
  if (!slice.last) flags &= ~static_cast<std::uint32_t>(kPsh | kFin);
  if ((flags & kUrg) != 0) {
    // The pointer is relative to the segment's own sequence number; behind it there is no urgent data.
    if (urgent_ > slice.offset || slice.first) {
      store_be16(tcp + 18, urgent_ - slice.offset);
    } else {
      flags &= ~static_cast<std::uint32_t>(kUrg);
    }
  }
  store_8(tcp + 13, flags);
}

std::uint16_t SegmentHeaders::pseudo_sum(std::uint32_t payload) const {
  std::byte rest[8];
  store_be32(rest, size_ - l4_ + payload);
  store_be32(rest + 4, kProtocolTcp);
  const ChecksumKernel& scalar = checksum_kernels().front();
  return fold_sum(std::uint64_t{scalar.sum(rest, 8)} + addresses_sum_);
}

void SegmentHeaders::write_partial_checksum(std::byte* out, std::uint32_t payload) const {
  const std::uint16_t sum = pseudo_sum(payload);
  std::memcpy(out + l4_ + 16, &sum, sizeof sum);
}

void SegmentHeaders::write_checksum(std::byte* out, std::uint32_t payload, std::uint16_t payload_sum,
                                    const ChecksumKernel& checksum) const {
  // Headers are a multiple of four bytes long, so the payload's sum needs no shift.
  const std::uint64_t sum = std::uint64_t{pseudo_sum(payload)} + payload_sum + checksum.sum(out + l4_, size_ - l4_);
  const auto field = static_cast<std::uint16_t>(~fold_sum(sum));
  std::memcpy(out + l4_ + 16, &field, sizeof field);
}

bool Payload::push(std::int32_t offset, std::int32_t length, const TxRegions& regions) {
  const auto at = static_cast<std::uint32_t>(offset);
  const std::uint32_t region = static_cast<std::uint32_t>(length) >> kTxRegionShift;
  const std::uint32_t bytes = static_cast<std::uint32_t>(length) & ((1u << kTxRegionShift) - 1);
  if (region >= regions.lent.size() && region != 0) return false;
  const std::span<const std::byte> memory = region == 0 ? regions.arena : regions.lent[region];
  if (std::uint64_t{at} + bytes > memory.size()) return false;
  if (bytes == 0) return true;
  pieces_[count_++] = memory.subspan(at, bytes);
  total_ += bytes;
  return total_ <= 0xffff;
}

bool Payload::load(std::span<const Descriptor> descs, const TxRegions& regions) {
  count_ = total_ = piece_ = start_ = 0;
  const Descriptor& head = descs.front();
  if (descs.size() > 1 + (kMostPieces - 1) / kPairsPerPiece) return false;
  if (!push(head.word[kTxOff], head.word[kTxLen], regions)) return false;
  for (const Descriptor& piece : descs.subspan(1)) {
    const std::uint32_t pairs = word(piece, 1);
    if ((word(piece, kTxKind) & 0xff) != kKindPiece || pairs > kPairsPerPiece) return false;
    for (std::uint32_t pair = 0; pair < pairs; ++pair) {
      if (!push(piece.word[2 + 2 * pair], piece.word[3 + 2 * pair], regions)) return false;
    }
  }
  return total_ == word(head, kTxTotal);
}

}  // namespace usertcp
