#include "headers.h"

#include "bytes.h"
#include "ipv6_chain.h"
#include "tcp_options.h"

namespace usertcp {
namespace {

constexpr std::size_t kArpIpv4 = 28;
constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kUdpHeader = 8;
constexpr std::uint8_t kLooseRoute = 131;
constexpr std::uint8_t kStrictRoute = 137;

enum class SourceRoute : std::uint8_t { kNone, kThere, kNonsense };

// RFC 791 §3.1: whether a source route is among the options. One may be hidden behind nonsense, and another host may see it.
SourceRoute find_source_route(const std::byte* option, const std::byte* end) {
  while (option < end) {
    const std::uint8_t type = load_8(option);
    if (type == kLooseRoute || type == kStrictRoute) return SourceRoute::kThere;
    if (type == 0) return SourceRoute::kNone;
    if (type == 1) {
      ++option;
      continue;
    }
    const std::ptrdiff_t size = end - option < 2 ? 0 : load_8(option + 1);
    if (size < 2 || size > end - option) return SourceRoute::kNonsense;
    option += size;
  }
  return SourceRoute::kNone;
}

std::int32_t low_high(std::size_t low, std::size_t high) { return static_cast<std::int32_t>(low | high << 16); }

class Parser {
 public:
  Parser(std::span<const std::byte> frame, const FrameMeta& meta, const ChecksumKernel& checksum, Parsed& out)
      : data_(frame.data()), size_(frame.size()), meta_(meta), checksum_(checksum), out_(out) {}

  // The reason to drop, or kNoCounter.
  Counter frame() {
    if (size_ < kEthernetHeader) return kDropShort;
    set(kRxRow, -1);
    set(kRxFrame, meta_.offset);
    set(kRxFrameLen, size_);
    l3_ = kEthernetHeader;
    std::uint16_t type = load_be16(data_ + 12);
    // The kernel takes the outer tag off before a packet socket sees it; a TAP device and QinQ leave tags in place.
    for (int tags = 0; tags < 2 && (type == kTypeVlan || type == kTypeQinQ); ++tags) {
      if (size_ < l3_ + kVlanTag) return kDropShort;
      type = load_be16(data_ + l3_ + 2);
      l3_ += kVlanTag;
    }
    set(kRxL3L4, l3_);
    switch (type) {
      case kTypeIpv4: return ipv4();
      case kTypeIpv6: return ipv6();
      case kTypeArp: return arp();
      default: return kDropEthertype;
    }
  }

 private:
  void set(int word, std::size_t value) { out_.desc.word[word] = static_cast<std::int32_t>(value); }

  void deliver(int kind, std::size_t payload) {
    const bool multicast = (load_8(data_) & 1) != 0;
    set(kRxKind, kind | (multicast ? kRxMulticast << 16 : 0) | (routed_ ? kRxRouted << 16 : 0));
    set(kRxOff, meta_.offset + payload);
    set(kRxLen, end_ - payload);
    set(kRxTotal, end_ - payload);
    set(kRxGso, 1 << 16);
  }

  Counter arp() {
    // RFC 826: Ethernet and IPv4 addresses and their lengths; the rest is the core's to read.
    const std::byte* arp = data_ + l3_;
    if (size_ - l3_ < kArpIpv4 || load_be32(arp) != 0x00010800 || load_be16(arp + 4) != 0x0604) return kDropArp;
    end_ = l3_ + kArpIpv4;
    deliver(kKindArp, l3_);
    return kNoCounter;
  }

  // Where the IP packet ends in the frame: what lies beyond is Ethernet padding. 0 when the frame is too short.
  std::size_t end_of(std::size_t claimed) const {
    // A super-frame above 64 KB cannot say its length (Linux BIG TCP: the field is 0).
    const std::size_t length = claimed == 0 && meta_.gso_size != 0 ? size_ - l3_ : claimed;
    return length <= size_ - l3_ ? l3_ + length : 0;
  }

  Counter ipv4() {
    if (size_ - l3_ < kIpv4Header) return kDropShort;
    const std::byte* ip = data_ + l3_;
    if (load_8(ip) >> 4 != 4) return kDropIpVersion;
    const std::size_t header = (load_8(ip) & 15) * 4;
    if (header < kIpv4Header || header > size_ - l3_) return kDropIpHeader;
    end_ = end_of(load_be16(ip + 2));
    if (end_ < l3_ + header) return kDropIpLength;
    if (checksum_.sum(ip, header) != 0xffff) return kDropIpChecksum;
    set_ip(4, load_8(ip + 1), load_8(ip + 8));
    pseudo_ = checksum_.sum(ip + 12, 8);
    out_.key.set_ipv4(0, load_be32(ip + 16), load_be32(ip + 12));
    const SourceRoute route = find_source_route(ip + kIpv4Header, ip + header);
    if (route == SourceRoute::kNonsense) return kDropIpHeader;
    routed_ = route == SourceRoute::kThere;
    const std::size_t l4 = l3_ + header;
    set(kRxL3L4, low_high(l3_, l4));
    if ((load_be16(ip + 6) & 0x3fff) != 0) {
      deliver(kKindFragment, l4);
      return kNoCounter;
    }
    const std::uint8_t protocol = load_8(ip + 9);
    if (protocol == kProtocolIcmp4) return icmp4(l4);
    return transport(protocol, l4);
  }

  Counter ipv6() {
    if (size_ - l3_ < kIpv6Header) return kDropShort;
    const std::byte* ip = data_ + l3_;
    const std::uint32_t first = load_be32(ip);
    if (first >> 28 != 6) return kDropIpVersion;
    const std::size_t payload = load_be16(ip + 4);
    end_ = end_of(payload == 0 && meta_.gso_size != 0 ? 0 : payload + kIpv6Header);
    if (end_ < l3_ + kIpv6Header) return kDropIpLength;
    set_ip(6, first >> 20 & 0xff, load_8(ip + 7));
    pseudo_ = checksum_.sum(ip + 8, 32);
    for (int i = 0; i < 4; ++i) {
      out_.key.words[kRowRaddr + i] = static_cast<std::int32_t>(load_be32(ip + 8 + 4 * i));
      out_.key.words[kRowLaddr + i] = static_cast<std::int32_t>(load_be32(ip + 24 + 4 * i));
    }
    // A mapped address on the wire would be taken for the IPv4 flow of the same numbers.
    if (out_.key.is_mapped(kRowLaddr) || out_.key.is_mapped(kRowRaddr)) return kDropNotOurs;
    const Ipv6Chain chain = walk_ipv6_chain({ip, end_ - l3_});
    const std::size_t l4 = l3_ + chain.offset;
    switch (chain.end) {
      case Ipv6Chain::End::kMalformed: return kDropExtension;
      case Ipv6Chain::End::kForTheCore:
        set(kRxL3L4, low_high(l3_, l4));
        deliver(kKindOther, l4);
        return kNoCounter;
      case Ipv6Chain::End::kFragment:
        set(kRxL3L4, low_high(l3_, l4));
        deliver(kKindFragment, l4);
        return kNoCounter;
      case Ipv6Chain::End::kUpperLayer: break;
    }
    set(kRxL3L4, low_high(l3_, l4));
    if (chain.next == kProtocolIcmp6) return icmp6(l4);
    return transport(chain.next, l4);
  }

  void set_ip(std::uint32_t version, std::uint32_t tos, std::uint32_t ttl) {
    const std::uint32_t congested = (tos & 3) == 3;  // RFC 3168 §5: CE
    set(kRxIp, tos | ttl << 8 | congested << 16 | version << 24);
  }

  // Verified by the device, or partial because the packet never was on a wire.
  bool is_trusted() const { return (meta_.vnet_flags & (kVnetNeedsChecksum | kVnetDataValid)) != 0; }

  // Sum over the pseudo-header and everything from l4 on: 0xffff when the checksum in it is right.
  std::uint16_t sum_with_pseudo(std::uint8_t protocol, std::size_t l4) const {
    const std::size_t length = end_ - l4;
    std::byte rest[8];
    store_be32(rest, static_cast<std::uint32_t>(length));
    store_be32(rest + 4, protocol);
    return fold_sum(std::uint64_t{pseudo_} + checksum_.sum(rest, 8) + checksum_.sum(data_ + l4, length));
  }

  Counter icmp4(std::size_t l4) {
    if (end_ - l4 < 8) return kDropIcmp;
    if (!is_trusted() && checksum_.sum(data_ + l4, end_ - l4) != 0xffff) return kDropIcmp;
    deliver(kKindIcmp4, l4);
    return kNoCounter;
  }

  Counter icmp6(std::size_t l4) {
    if (end_ - l4 < 8) return kDropIcmp;
    if (!is_trusted() && sum_with_pseudo(kProtocolIcmp6, l4) != 0xffff) return kDropIcmp;
    deliver(kKindIcmp6, l4);
    return kNoCounter;
  }

  Counter transport(std::uint8_t protocol, std::size_t l4) {
    if (protocol == kProtocolTcp) return tcp(l4);
    deliver(protocol == kProtocolUdp ? kKindUdp : kKindOther, l4);
    // One header speaks for all datagrams of a sender's kernel (UDP_SEGMENT), or of a device that merges.
    if (protocol == kProtocolUdp && end_ - l4 > kUdpHeader) set_segments(end_ - l4 - kUdpHeader);
    return kNoCounter;
  }

  Counter tcp(std::size_t l4) {
    if (end_ - l4 < kTcpHeader) return kDropTcpHeader;
    const std::byte* tcp = data_ + l4;
    const std::size_t header = (load_8(tcp + 12) >> 4) * 4;
    if (header < kTcpHeader || header > end_ - l4) return kDropTcpHeader;
    // RFC 9293 §3.1 [MUST-3]
    if (!is_trusted() && sum_with_pseudo(kProtocolTcp, l4) != 0xffff) return kDropTcpChecksum;
    const std::uint32_t source = load_be16(tcp), destination = load_be16(tcp + 2);
    out_.key.words[0] = static_cast<std::int32_t>(destination << 16 | source);
    deliver(kKindTcp, l4 + header);
    set(kRxSeq, load_be32(tcp + 4));
    set(kRxAck, load_be32(tcp + 8));
    set(kRxFlags, load_8(tcp + 13) | (load_8(tcp + 12) & 15) << 8 | std::uint32_t{load_be16(tcp + 14)} << 16);
    set_segments(end_ - l4 - header);
    const TcpOptions options = parse_tcp_options({tcp + kTcpHeader, header - kTcpHeader});
    set(kRxOpts, options.seen | header << 8 | std::uint32_t{load_be16(tcp + 18)} << 16);
    set(kRxTsval, options.tsval);
    set(kRxTsecr, options.tsecr);
    return kNoCounter;
  }

  // How many segments or datagrams the sender's kernel or ours put together.
  void set_segments(std::size_t payload) {
    if (meta_.gso_size == 0 || payload <= meta_.gso_size) return;
    const std::size_t segments = (payload + meta_.gso_size - 1) / meta_.gso_size;
    set(kRxGso, low_high(meta_.gso_size, segments));
    const auto ip = static_cast<std::uint32_t>(out_.desc.word[kRxIp]);
    if ((ip >> 16 & 0xff) != 0) set(kRxIp, (ip & ~0xff0000u) | (segments < 255 ? segments : 255) << 16);
  }

  const std::byte* data_;
  std::size_t size_;
  const FrameMeta& meta_;
  const ChecksumKernel& checksum_;
  Parsed& out_;
  std::size_t l3_ = 0;
  std::size_t end_ = 0;
  std::uint16_t pseudo_ = 0;  // addresses only
  bool routed_ = false;
};

}  // namespace

Parsed parse(std::span<const std::byte> frame, const FrameMeta& meta, const ChecksumKernel& checksum) {
  Parsed parsed;
  parsed.drop = Parser(frame, meta, checksum, parsed).frame();
  return parsed;
}

}  // namespace usertcp
