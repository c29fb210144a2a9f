#include "gro.h"

#include <algorithm>

namespace usertcp {
namespace {

constexpr std::uint32_t kMostBytes = 65535;
// The first piece is in the head; four PIECE descriptors of seven follow.
constexpr std::uint32_t kMostPieces = 1 + 4 * kPairsPerPiece;
constexpr std::uint32_t kFlagBits = 0xfff;  // with the reserved bits, AE among them

std::uint32_t word(const Descriptor& d, int index) { return static_cast<std::uint32_t>(d.word[index]); }
std::uint32_t flags(const Descriptor& d) { return word(d, kRxFlags) & kFlagBits; }
std::uint32_t segments(const Descriptor& d) { return word(d, kRxGso) >> 16; }
std::uint32_t marked(const Descriptor& d) { return word(d, kRxIp) >> 16 & 0xff; }
// Payload bytes of each segment but possibly the last.
std::uint32_t unit(const Descriptor& d) {
  const std::uint32_t size = word(d, kRxGso) & 0xffff;
  return size != 0 ? size : word(d, kRxTotal);
}

bool is_tcp_flow(const Descriptor& d) { return (word(d, kRxKind) & 0xff) == kKindTcp && d.word[kRxRow] >= 0; }

bool may_start(const Descriptor& d) {
  constexpr std::uint32_t kForbidden = kFin | kSyn | kRst | kPsh | kUrg | kCwr;
  const std::uint32_t options = word(d, kRxOpts) & 0xff;
  return (word(d, kRxKind) >> 16 & kRxRouted) == 0 && (flags(d) & kForbidden) == 0 && (flags(d) & kAck) != 0 &&
         d.word[kRxTotal] > 0 && (options == 0 || options == kOptTs) && word(d, kRxTotal) % unit(d) == 0;
}

bool may_append(const Descriptor& head, const Descriptor& d) {
  // ECN bits may differ: the marks are counted. DSCP, TTL and version may not.
  constexpr std::uint32_t kSameIp = 0xff00fffc;
  const bool same_headers = (flags(d) & ~(kPsh | kFin)) == flags(head) && d.word[kRxAck] == head.word[kRxAck] &&
                            (word(d, kRxOpts) & 0xffff) == (word(head, kRxOpts) & 0xffff) &&
                            (word(d, kRxIp) & kSameIp) == (word(head, kRxIp) & kSameIp);
  const bool in_order = word(d, kRxSeq) == word(head, kRxSeq) + word(head, kRxTotal);
  const bool time_goes_on = static_cast<std::int32_t>(word(d, kRxTsval) - word(head, kRxTsval)) >= 0;
  const bool fits = unit(d) == unit(head) || (segments(d) == 1 && unit(d) < unit(head));
  const bool plain = (word(d, kRxKind) >> 16 & kRxRouted) == 0;
  return plain && same_headers && in_order && time_goes_on && fits && d.word[kRxTotal] > 0 &&
         word(head, kRxTotal) + word(d, kRxTotal) <= kMostBytes;
}

bool may_go_on(const Descriptor& head) {
  return (flags(head) & (kPsh | kFin)) == 0 && word(head, kRxTotal) % unit(head) == 0;
}

}  // namespace

void Merger::clear() {
  count_ = head_count_ = evict_ = 0;
  open_.fill(kNone);
}

void Merger::add(const Descriptor& segment) {
  const auto index = static_cast<std::uint16_t>(count_++);
  Entry& entry = entries_[index];
  entry = {segment, segment.word[kRxOff], segment.word[kRxLen], kNone, index, 1};
  if (is_tcp_flow(segment)) {
    if (std::uint16_t* place = find_open(segment.word[kRxRow])) {
      Entry& head = entries_[*place];
      if (head.pieces < kMostPieces && may_append(head.desc, segment)) {
        append(head, index);
        if (!may_go_on(head.desc)) *place = kNone;
        return;
      }
      // Order within the flow: nothing may be put in front of this segment any more.
      *place = kNone;
    }
    if (may_start(segment)) open(index);
  }
  heads_[head_count_++] = index;
}

std::uint16_t* Merger::find_open(std::int32_t row) {
  for (std::uint16_t& place : open_) {
    if (place != kNone && entries_[place].desc.word[kRxRow] == row) return &place;
  }
  return nullptr;
}

void Merger::open(std::uint16_t entry) {
  auto place = std::find(open_.begin(), open_.end(), kNone);
  if (place == open_.end()) place = open_.begin() + evict_++ % kLookBack;
  *place = entry;
}

void Merger::append(Entry& head, std::uint16_t tail) {
  const Descriptor& d = entries_[tail].desc;
  entries_[head.last].next = tail;
  head.last = tail;
  ++head.pieces;
  std::int32_t* words = head.desc.word;
  const std::uint32_t count = segments(head.desc) + segments(d);
  words[kRxGso] = static_cast<std::int32_t>(unit(head.desc) | count << 16);
  words[kRxTotal] += d.word[kRxTotal];
  // PSH, FIN and the window of the newest; TSval of the oldest, which is the one to echo (RFC 7323 §4.3); TSecr of
  // the newest.
  words[kRxFlags] = static_cast<std::int32_t>(flags(head.desc) | word(d, kRxFlags));
  words[kRxTsecr] = d.word[kRxTsecr];
  const std::uint32_t ce = std::min(255u, marked(head.desc) + marked(d));
  words[kRxIp] = static_cast<std::int32_t>((word(head.desc, kRxIp) & ~0xff0000u) | ce << 16);
}

std::uint32_t Merger::emit(std::span<Descriptor> out) const {
  std::uint32_t at = 0;
  for (std::uint32_t h = 0; h < head_count_; ++h) {
    const Entry& head = entries_[heads_[h]];
    Descriptor& first = out[at++];
    first = head.desc;
    std::uint32_t descriptors = 0;
    std::uint32_t pair = kPairsPerPiece;
    for (std::uint16_t i = head.next; i != kNone; i = entries_[i].next) {
      if (pair == kPairsPerPiece) {
        out[at] = Descriptor{};
        out[at++].word[kRxKind] = kKindPiece;
        ++descriptors;
        pair = 0;
      }
      Descriptor& piece = out[at - 1];
      piece.word[2 + 2 * pair] = entries_[i].offset;
      piece.word[3 + 2 * pair] = entries_[i].length;
      piece.word[1] = static_cast<std::int32_t>(++pair);
    }
    first.word[kRxKind] |= static_cast<std::int32_t>(descriptors << 8);
  }
  return at;
}

}  // namespace usertcp
