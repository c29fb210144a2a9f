#include "steering.h"

#include <algorithm>

#include "headers.h"

namespace usertcp {
namespace {

// Odd, and near 2^32 times the golden ratio's and the square root of 2's fractions.
constexpr std::uint32_t kFirstFactor = 0x9e3779b1, kSecondFactor = 0x6a09e667;
// From a bucket of all to one of a berth.
constexpr std::uint32_t kBerthShift = 2;
static_assert(kCommonBuckets >> kBerthShift == kBerthBuckets);
// Words of the program's scratch memory.
constexpr std::uint32_t kShift = 0, kPort = 1, kBucket = 2;

std::uint32_t finish(const Steering& s, std::uint32_t h) {
  h += s.key0;
  h = (h ^ h >> 16) * kFirstFactor;
  h = (h ^ h >> 15) * kSecondFactor;
  return h >> 24;
}

using Jumps = std::vector<std::size_t>;

// Where a frame goes on that has been looked at.
struct Ways {
  Jumps other;      // its ports are not where they usually are, or it has none
  Jumps plain;      // TCP or UDP, when no bucket is wanted
  Jumps mixed;      // A is to be finished
  Jumps datagrams;  // UDP whose bucket is of the four-tuple
};

struct Family {
  std::uint32_t base;
  std::uint32_t protocol, ports;
  std::vector<std::uint32_t> addresses;  // ours, then theirs
};

void xor_with_shifted(BpfProgram& p, std::uint32_t bits) {
  p.add(BPF_MISC | BPF_TAX, 0);
  p.add(BPF_ALU | BPF_RSH | BPF_K, bits);
  p.add(BPF_ALU | BPF_XOR | BPF_X, 0);
}

void load32_at(BpfProgram& p, std::uint32_t at) { p.add(BPF_LD | BPF_W | BPF_ABS, at); }
void load16_at(BpfProgram& p, std::uint32_t at) { p.add(BPF_LD | BPF_H | BPF_ABS, at); }
void load8_at(BpfProgram& p, std::uint32_t at) { p.add(BPF_LD | BPF_B | BPF_ABS, at); }

void mix_flow(BpfProgram& p, const Steering& s, const Family& f) {
  load32_at(p, f.base + f.addresses[0]);
  for (std::size_t i = 1; i < f.addresses.size(); ++i) {
    p.add(BPF_ALU | BPF_MUL | BPF_K, s.key0 | 1);
    p.add(BPF_MISC | BPF_TAX, 0);
    load32_at(p, f.base + f.addresses[i]);
    p.add(BPF_ALU | BPF_ADD | BPF_X, 0);
  }
  p.add(BPF_ALU | BPF_ADD | BPF_K, s.key1);
  xor_with_shifted(p, 16);
  p.add(BPF_ALU | BPF_MUL | BPF_K, kSecondFactor);
  p.add(BPF_MISC | BPF_TAX, 0);
  load32_at(p, f.base + f.ports);
  p.add(BPF_ALU | BPF_XOR | BPF_X, 0);
}

// `apart`: UDP to a port that was not chosen by us goes its own way.
void look_at_family(BpfProgram& p, const Steering& s, const Family& f, bool bucket, bool apart, Ways& ways) {
  load8_at(p, f.base + f.protocol);
  p.skip_unless(BPF_JEQ, kProtocolTcp, 1);
  const std::size_t tcp = p.jump();
  p.skip_if(BPF_JEQ, kProtocolUdp, 1);
  ways.other.push_back(p.jump());
  Jumps datagrams;
  if (bucket) {
    p.add(BPF_LD | BPF_IMM, 0);  // berths are of TCP ports
    p.add(BPF_ST, kPort);
    load16_at(p, f.base + f.ports + 2);
    p.skip_unless(BPF_JGE, s.first_port, 3);
    p.skip_if(BPF_JGT, s.last_port, 2);
    p.add(BPF_ALU | BPF_XOR | BPF_K, s.key1);
    ways.mixed.push_back(p.jump());
    (apart ? ways.datagrams : datagrams).push_back(p.jump());
  }
  p.land(tcp);
  if (bucket) {
    load16_at(p, f.base + f.ports + 2);
    p.add(BPF_ST, kPort);
    p.land(datagrams);
    mix_flow(p, s, f);
    ways.mixed.push_back(p.jump());
  } else {
    ways.plain.push_back(p.jump());
  }
}

const std::vector<std::uint32_t> kAddresses4 = {16, 12};
const std::vector<std::uint32_t> kAddresses6 = {24, 28, 32, 36, 8, 12, 16, 20};

// A = the EtherType on entry. `base`: where the IP header begins.
void look(BpfProgram& p, const Steering& s, std::uint32_t base, bool bucket, bool apart, Ways& ways) {
  p.skip_unless(BPF_JEQ, kTypeIpv4, 1);
  const std::size_t ipv4 = p.jump();
  p.skip_unless(BPF_JEQ, kTypeIpv6, 1);
  const std::size_t ipv6 = p.jump();
  ways.other.push_back(p.jump());
  p.land(ipv4);
  load8_at(p, base);
  p.skip_if(BPF_JEQ, 0x45, 1);  // no options
  ways.other.push_back(p.jump());
  load16_at(p, base + 6);
  p.skip_unless(BPF_JSET, 0x3fff, 1);  // neither an offset nor more to come
  ways.other.push_back(p.jump());
  look_at_family(p, s, {base, 9, 20, kAddresses4}, bucket, apart, ways);
  p.land(ipv6);
  look_at_family(p, s, {base, 6, 40, kAddresses6}, bucket, apart, ways);
}

// A = the bucket.
void finish(BpfProgram& p, const Steering& s) {
  p.add(BPF_ALU | BPF_ADD | BPF_K, s.key0);
  xor_with_shifted(p, 16);
  p.add(BPF_ALU | BPF_MUL | BPF_K, kFirstFactor);
  xor_with_shifted(p, 15);
  p.add(BPF_ALU | BPF_MUL | BPF_K, kSecondFactor);
  p.add(BPF_ALU | BPF_RSH | BPF_K, 24);
}

// A = the bucket, moved into the berth of its port if that has one.
void moor(BpfProgram& p, const Steering& s) {
  p.add(BPF_ST, kBucket);
  p.add(BPF_LD | BPF_MEM, kPort);
  Jumps moored;
  for (std::uint32_t i = 0; i < kBerths; ++i) {
    if (s.ports[i] == 0) continue;
    p.skip_unless(BPF_JEQ, s.ports[i], 4);
    p.add(BPF_LD | BPF_MEM, kBucket);
    p.add(BPF_ALU | BPF_RSH | BPF_K, kBerthShift);
    p.add(BPF_ALU | BPF_ADD | BPF_K, kCommonBuckets + i * kBerthBuckets);
    moored.push_back(p.jump());
  }
  p.add(BPF_LD | BPF_MEM, kBucket);
  p.land(moored);
}

// A = the word of the table that A belongs to. Classic BPF has no table: a tree of comparisons ends in constants.
void choose_word(BpfProgram& p, std::span<const std::uint32_t> words, std::uint32_t first, std::uint32_t per_word,
                 Jumps& chosen) {
  if (std::all_of(words.begin(), words.end(), [&](std::uint32_t word) { return word == words[0]; })) {
    p.add(BPF_LD | BPF_IMM, words[0]);
    chosen.push_back(p.jump());
    return;
  }
  const std::size_t half = words.size() / 2;
  const auto middle = static_cast<std::uint32_t>(first + half * per_word);
  p.skip_unless(BPF_JGE, middle, 1);
  const std::size_t above = p.jump();
  choose_word(p, words.first(half), first, per_word, chosen);
  p.land(above);
  choose_word(p, words.subspan(half), middle, per_word, chosen);
}

// A = the entry of the table at A; entries of `bits`, the first one lowest.
void look_up(BpfProgram& p, std::span<const std::uint32_t> words, std::uint32_t bits) {
  const std::uint32_t per_word = 32 / bits;
  p.add(BPF_MISC | BPF_TAX, 0);
  p.add(BPF_ALU | BPF_AND | BPF_K, per_word - 1);
  p.add(BPF_ALU | BPF_MUL | BPF_K, bits);
  p.add(BPF_ST, kShift);
  p.add(BPF_MISC | BPF_TXA, 0);
  Jumps chosen;
  choose_word(p, words, 0, per_word, chosen);
  p.land(chosen);
  p.add(BPF_LDX | BPF_MEM, kShift);
  p.add(BPF_ALU | BPF_RSH | BPF_X, 0);
  p.add(BPF_ALU | BPF_AND | BPF_K, (1u << bits) - 1);
}

// Ends for a SYN that is no answer.
void refuse_syns(BpfProgram& p) {
  load16_at(p, kEthernetHeader - 2);
  for (const auto& [type, protocol, flags] :
       {std::array<std::uint32_t, 3>{kTypeIpv4, 9, 20 + 13}, {kTypeIpv6, 6, 40 + 13}}) {
    p.skip_unless(BPF_JEQ, type, 6);
    load8_at(p, kEthernetHeader + protocol);
    p.skip_unless(BPF_JEQ, kProtocolTcp, 4);
    load8_at(p, kEthernetHeader + flags);
    p.add(BPF_ALU | BPF_AND | BPF_K, 0x12);
    p.skip_unless(BPF_JEQ, 0x02, 1);
    p.reject();
  }
}

void keep_buckets(BpfProgram& p, const Steering& s, const Kept& kept) {
  Ways ways;
  look(p, s, kEthernetHeader, true, true, ways);
  p.land(ways.datagrams);
  p.reject();
  p.land(ways.mixed);
  finish(p, s);
  moor(p, s);
  look_up(p, kept.buckets, 1);
  p.skip_if(BPF_JEQ, 1, 1);
  p.reject();
  if (!kept.syns) refuse_syns(p);
  p.land(ways.other);
}

}  // namespace

std::uint32_t bucket_of_flow(const Steering& s, const FlowKey& key) {
  const std::uint32_t factor = s.key0 | 1;
  std::uint32_t h = 0;
  const auto take = [&](std::int32_t word) { h = h * factor + static_cast<std::uint32_t>(word); };
  if (key.is_ipv4()) {
    take(key.words[kRowLaddr + 3]);
    take(key.words[kRowRaddr + 3]);
  } else {
    for (int i = 0; i < 8; ++i) take(key.words[kRowLaddr + i]);
  }
  h += s.key1;
  h = (h ^ h >> 16) * kSecondFactor;
  const auto ports = static_cast<std::uint32_t>(key.words[kRowPorts]);
  const std::uint32_t bucket = finish(s, h ^ (ports << 16 | ports >> 16));
  for (std::uint32_t i = 0; i < kBerths; ++i) {
    if (s.ports[i] != 0 && s.ports[i] == ports >> 16) {
      return kCommonBuckets + i * kBerthBuckets + (bucket >> kBerthShift);
    }
  }
  return bucket;
}

std::uint32_t bucket_of_port(const Steering& s, std::uint16_t port) { return finish(s, port ^ s.key1); }

std::vector<sock_filter> make_steering_program(const Steering& s, std::span<const std::uint8_t, kBuckets> positions) {
  std::array<std::uint32_t, kBuckets / 4> words{};
  for (std::size_t i = 0; i < kBuckets; ++i) words[i / 4] |= std::uint32_t{positions[i]} << i % 4 * 8;
  BpfProgram p;
  // In the group a packet begins with its IP header, and tags are off it.
  load16_at(p, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL));
  Ways ways;
  look(p, s, 0, true, false, ways);
  p.land(ways.mixed);
  finish(p, s);
  moor(p, s);
  look_up(p, words, 8);
  p.add(BPF_RET | BPF_A, 0);
  p.land(ways.other);
  p.reject();  // position 0, whose filter refuses it
  return p.take();
}

void keep_part(BpfProgram& p, const Steering& s, Part part, const Kept& kept) {
  if (part == Part::kAll) return;
  load16_at(p, kEthernetHeader - 2);
  if (part == Part::kAside && !kept.none()) return keep_buckets(p, s, kept);
  Ways ways;
  look(p, s, kEthernetHeader, false, false, ways);
  const Jumps& refused = part == Part::kSteered ? ways.other : ways.plain;
  const Jumps& wanted = part == Part::kSteered ? ways.plain : ways.other;
  p.land(refused);
  p.reject();
  p.land(wanted);
}

}  // namespace usertcp
