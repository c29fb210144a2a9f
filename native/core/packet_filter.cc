#include "packet_filter.h"

#include "bpf_program.h"
#include "headers.h"

namespace usertcp {
namespace {

// BPF_MAXINSNS is 4096; beyond this many addresses the filter lets every IP packet in and the core sorts them out.
constexpr std::size_t kMostAddresses = 256;
// Offsets are relative to X, which is 0 or the bytes of the VLAN tags in front.
constexpr std::uint32_t kIp = 14;

void skip_vlan_tags(BpfProgram& p) {
  // X = 0, 4 or 8; each round looks one tag further.
  for (std::uint32_t tag = 0; tag < 2; ++tag) {
    p.add(BPF_LDX | BPF_IMM, tag * kVlanTag);
    p.load16(12);
    p.skip_if(BPF_JEQ, kTypeVlan, 2);
    p.skip_if(BPF_JEQ, kTypeQinQ, 1);
    // Not a tag: leave over what is left of the rounds; the last one falls out by itself.
    const std::uint32_t rounds_left = 1 - tag;
    p.add(BPF_JMP | BPF_JA, rounds_left * 5 + 1);
  }
  p.add(BPF_LDX | BPF_IMM, 2 * kVlanTag);
}

// Accepts TCP to one of our ports; A = destination port. Both families come here: a program has room for it once.
void accept_ports(BpfProgram& p, const Filter& filter) {
  for (const Filter::Ports& range : filter.ports) {
    if (range.first == range.last) {
      p.skip_unless(BPF_JEQ, range.first, 1);
    } else {
      p.skip_unless(BPF_JGE, range.first, 2);
      p.skip_if(BPF_JGT, range.last, 1);
    }
    p.accept();
  }
  p.reject();
}

// A = IPv4 header length, X = VLAN bytes on entry; X = both on exit.
void add_ipv4_header_to_x(BpfProgram& p) {
  p.load8(kIp);
  p.add(BPF_ALU | BPF_AND | BPF_K, 15);
  p.add(BPF_ALU | BPF_LSH | BPF_K, 2);
  p.add(BPF_ALU | BPF_ADD | BPF_X, 0);
  p.add(BPF_MISC | BPF_TAX, 0);
}

// These two end, in shared mode, with the destination port in A: what follows decides.
void ours_ipv4(BpfProgram& p, const Filter& filter) {
  p.load8(kIp + 9);
  if (filter.icmp != Filter::Icmp::kAll) {
    p.skip_unless(BPF_JEQ, kProtocolIcmp4, filter.icmp == Filter::Icmp::kErrors ? 11 : 1);
    if (filter.icmp == Filter::Icmp::kErrors) {
      add_ipv4_header_to_x(p);    // 5
      p.load8(kIp);               // 6: type
      p.skip_if(BPF_JEQ, 3, 3);   // 7: destination unreachable
      p.skip_if(BPF_JEQ, 11, 2);  // 8: time exceeded
      p.skip_if(BPF_JEQ, 12, 1);  // 9: parameter problem
      p.reject();                 // 10
      p.accept();                 // 11
    } else {
      p.reject();
    }
  }
  if (!filter.shared) return p.accept();
  p.skip_if(BPF_JEQ, kProtocolTcp, 1);
  p.reject();
  p.load16(kIp + 6);
  p.skip_unless(BPF_JSET, 0x1fff, 1);  // only a first fragment has ports
  p.reject();
  add_ipv4_header_to_x(p);
  p.load16(kIp + 2);
}

void ours_ipv6(BpfProgram& p, const Filter& filter) {
  p.load8(kIp + 6);
  if (filter.icmp != Filter::Icmp::kAll) {
    p.skip_unless(BPF_JEQ, kProtocolIcmp6, filter.icmp == Filter::Icmp::kErrors ? 5 : 1);
    if (filter.icmp == Filter::Icmp::kErrors) {
      p.load8(kIp + 40);           // 1: type
      p.skip_if(BPF_JEQ, 136, 1);  // 2: neighbour advertisements, as ARP replies
      p.skip_if(BPF_JGE, 128, 1);  // 3: RFC 4443 §2.1: below 128 are errors
      p.accept();                  // 4
    }
    p.reject();
  }
  if (!filter.shared) return p.accept();
  p.skip_if(BPF_JEQ, kProtocolTcp, 1);
  p.reject();
  p.load16(kIp + 40 + 2);
}

void ipv4(BpfProgram& p, const Filter& filter, bool any_address) {
  std::vector<std::size_t> ours;
  p.load32(kIp + 16);
  if (any_address) ours.push_back(p.jump());
  for (const Filter::Address& address : filter.addresses) {
    if (any_address || !is_mapped_ipv4(address)) continue;
    p.skip_unless(BPF_JEQ, static_cast<std::uint32_t>(address[3]), 1);
    ours.push_back(p.jump());
  }
  if (!filter.shared) {
    p.skip_unless(BPF_JEQ, 0xffffffff, 1);  // limited broadcast
    p.accept();
    p.skip_unless(BPF_JEQ, 0xe0000001, 1);  // RFC 1112 §4: all hosts
    p.accept();
  }
  p.reject();
  p.land(ours);
  ours_ipv4(p, filter);
}

void ipv6(BpfProgram& p, const Filter& filter, bool any_address) {
  std::vector<std::size_t> ours;
  if (any_address) ours.push_back(p.jump());
  for (const Filter::Address& address : filter.addresses) {
    if (any_address || is_mapped_ipv4(address)) continue;
    for (std::uint32_t word = 0; word < 4; ++word) {
      p.load32(kIp + 24 + 4 * word);
      p.skip_unless(BPF_JEQ, static_cast<std::uint32_t>(address[word]), static_cast<std::uint8_t>(2 * (3 - word) + 1));
    }
    ours.push_back(p.jump());
  }
  if (!filter.shared) {
    p.load16(kIp + 24);
    p.skip_unless(BPF_JEQ, 0xff02, 1);  // link-local multicast
    p.accept();
  }
  p.reject();
  p.land(ours);
  ours_ipv6(p, filter);
}

}  // namespace

std::vector<sock_filter> make_filter_program(const Filter& filter, LengthRange length) {
  const bool any_address = filter.addresses.size() > kMostAddresses;
  BpfProgram p;
  keep_part(p, filter.steering, filter.part, filter.kept);
  p.add(BPF_LD | BPF_W | BPF_LEN, 0);
  if (length.at_least > 0) {
    p.skip_if(BPF_JGE, length.at_least, 1);
    p.reject();
  }
  if (length.at_most < 0xffffffff) {
    p.skip_unless(BPF_JGT, length.at_most, 1);
    p.reject();
  }
  skip_vlan_tags(p);
  p.load16(12);
  p.skip_unless(BPF_JEQ, kTypeArp, 1);
  filter.arp ? p.accept() : p.reject();
  p.skip_unless(BPF_JEQ, kTypeIpv4, 1);
  const std::size_t to_ipv4 = p.jump();
  p.skip_unless(BPF_JEQ, kTypeIpv6, 1);
  const std::size_t to_ipv6 = p.jump();
  p.reject();
  p.land(to_ipv4);
  ipv4(p, filter, any_address);
  std::vector<std::size_t> to_ports;
  if (filter.shared) to_ports.push_back(p.jump());
  p.land(to_ipv6);
  ipv6(p, filter, any_address);
  p.land(to_ports);
  if (filter.shared) accept_ports(p, filter);
  return p.take();
}

std::vector<sock_filter> make_closed_program() {
  BpfProgram p;
  p.reject();
  return p.take();
}

}  // namespace usertcp
