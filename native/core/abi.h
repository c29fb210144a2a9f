// The words that C++ and TypeScript share: a mirror of src/wire/abi.ts, which is the one declaration.
// The addon reports every name and number below; src/link/native.ts compares them when it loads, so drift fails at
// start.
#pragma once

#include <cstddef>
#include <cstdint>

namespace usertcp {

// X(name in abi.ts, name here, value)
#define USERTCP_ABI_WORDS(X)                 \
  X(ABI_VERSION, kAbiVersion, 1)             \
  X(DESC_WORDS, kDescWords, 16)              \
  X(RX_KIND, kRxKind, 0)                     \
  X(RX_ROW, kRxRow, 1)                       \
  X(RX_SEQ, kRxSeq, 2)                       \
  X(RX_ACK, kRxAck, 3)                       \
  X(RX_FLAGS, kRxFlags, 4)                   \
  X(RX_OFF, kRxOff, 5)                       \
  X(RX_LEN, kRxLen, 6)                       \
  X(RX_TOTAL, kRxTotal, 7)                   \
  X(RX_GSO, kRxGso, 8)                       \
  X(RX_TSVAL, kRxTsval, 9)                   \
  X(RX_TSECR, kRxTsecr, 10)                  \
  X(RX_OPTS, kRxOpts, 11)                    \
  X(RX_FRAME, kRxFrame, 12)                  \
  X(RX_L3L4, kRxL3L4, 13)                    \
  X(RX_IP, kRxIp, 14)                        \
  X(RX_FRAME_LEN, kRxFrameLen, 15)           \
  X(TX_KIND, kTxKind, 0)                     \
  X(TX_ROW, kTxRow, 1)                       \
  X(TX_SEQ, kTxSeq, 2)                       \
  X(TX_ACK, kTxAck, 3)                       \
  X(TX_FLAGS, kTxFlags, 4)                   \
  X(TX_OFF, kTxOff, 5)                       \
  X(TX_LEN, kTxLen, 6)                       \
  X(TX_TOTAL, kTxTotal, 7)                   \
  X(TX_REGION_SHIFT, kTxRegionShift, 20)     \
  X(TX_GSO, kTxGso, 8)                       \
  X(TX_TSVAL, kTxTsval, 9)                   \
  X(TX_TSECR, kTxTsecr, 10)                  \
  X(TX_OPTS, kTxOpts, 11)                    \
  X(TX_OPT_OFF, kTxOptOff, 12)               \
  X(TX_OPT_LEN, kTxOptLen, 13)               \
  X(TX_IP, kTxIp, 14)                        \
  X(TX_HOP, kTxHop, 15)                      \
  X(KIND_TCP, kKindTcp, 1)                   \
  X(KIND_ARP, kKindArp, 2)                   \
  X(KIND_ICMP4, kKindIcmp4, 3)               \
  X(KIND_ICMP6, kKindIcmp6, 4)               \
  X(KIND_UDP, kKindUdp, 5)                   \
  X(KIND_OTHER, kKindOther, 6)               \
  X(KIND_FRAGMENT, kKindFragment, 7)         \
  X(KIND_PIECE, kKindPiece, 8)               \
  X(KIND_RAW, kKindRaw, 9)                   \
  X(ACK_MAY_LAG, kAckMayLag, 1 << 12)        \
  X(RX_MULTICAST, kRxMulticast, 1)           \
  X(RX_ROUTED, kRxRouted, 2)                 \
  X(FIN, kFin, 0x01)                         \
  X(SYN, kSyn, 0x02)                         \
  X(RST, kRst, 0x04)                         \
  X(PSH, kPsh, 0x08)                         \
  X(ACK, kAck, 0x10)                         \
  X(URG, kUrg, 0x20)                         \
  X(ECE, kEce, 0x40)                         \
  X(CWR, kCwr, 0x80)                         \
  X(OPT_TS, kOptTs, 1)                       \
  X(OPT_MSS, kOptMss, 2)                     \
  X(OPT_WS, kOptWs, 4)                       \
  X(OPT_SACK_OK, kOptSackOk, 8)              \
  X(OPT_SACK, kOptSack, 16)                  \
  X(OPT_OTHER, kOptOther, 32)                \
  X(OPT_BAD, kOptBad, 64)                    \
  X(ROW_WORDS, kRowWords, 64)                \
  X(ROW_PORTS, kRowPorts, 0)                 \
  X(ROW_LADDR, kRowLaddr, 1)                 \
  X(ROW_RADDR, kRowRaddr, 5)                 \
  X(HOP_WORDS, kHopWords, 16)                \
  X(HOP_MAC_HI, kHopMacHi, 0)                \
  X(HOP_MAC_LO, kHopMacLo, 1)                \
  X(ROUTE_LENGTH, kRouteLength, 0)           \
  X(ROUTE_FIRST, kRouteFirst, 1)             \
  X(ROUTE_OPTIONS, kRouteOptions, 2)         \
  X(FLOW_HEADER_WORDS, kFlowHeaderWords, 16) \
  X(FLOW_MASK, kFlowMask, 0)                 \
  X(FLOW_AREA, kFlowArea, 1)                 \
  X(FLOW_PREV_MASK, kFlowPrevMask, 2)        \
  X(FLOW_PREV_AREA, kFlowPrevArea, 3)        \
  X(FLOW_KEY0, kFlowKey0, 4)                 \
  X(FLOW_KEY1, kFlowKey1, 5)                 \
  X(FLOW_COUNT, kFlowCount, 6)

#define USERTCP_CONSTANT(name, constant, value) inline constexpr std::int32_t constant = value;
USERTCP_ABI_WORDS(USERTCP_CONSTANT)
#undef USERTCP_CONSTANT

struct NamedNumber {
  const char* name;
  std::int32_t value;
};

#define USERTCP_NAMED(name, constant, value) {#name, constant},
inline constexpr NamedNumber kAbiWords[] = {USERTCP_ABI_WORDS(USERTCP_NAMED)};
#undef USERTCP_NAMED

// X(name in COUNTERS of abi.ts, name here); the order is the index.
#define USERTCP_COUNTERS(X)            \
  X(rxFrames, kRxFrames)               \
  X(rxBytes, kRxBytes)                 \
  X(rxBatches, kRxBatches)             \
  X(rxRingDrops, kRxRingDrops)         \
  X(rxTruncated, kRxTruncated)         \
  X(rxMerged, kRxMerged)               \
  X(txFrames, kTxFrames)               \
  X(txBytes, kTxBytes)                 \
  X(txBatches, kTxBatches)             \
  X(txErrors, kTxErrors)               \
  X(txAgain, kTxAgain)                 \
  X(txAside, kTxAside)                 \
  X(gsoFallbacks, kGsoFallbacks)       \
  X(spins, kSpins)                     \
  X(spinHits, kSpinHits)               \
  X(dropShort, kDropShort)             \
  X(dropEthertype, kDropEthertype)     \
  X(dropIpVersion, kDropIpVersion)     \
  X(dropIpHeader, kDropIpHeader)       \
  X(dropIpLength, kDropIpLength)       \
  X(dropIpChecksum, kDropIpChecksum)   \
  X(dropExtension, kDropExtension)     \
  X(dropTcpHeader, kDropTcpHeader)     \
  X(dropTcpChecksum, kDropTcpChecksum) \
  X(dropIcmp, kDropIcmp)               \
  X(dropArp, kDropArp)                 \
  X(dropNotOurs, kDropNotOurs)         \
  X(dropNoRoom, kDropNoRoom)           \
  X(dropVlan, kDropVlan)

enum Counter : std::uint8_t {
#define USERTCP_COUNTER(name, constant) constant,
  USERTCP_COUNTERS(USERTCP_COUNTER)
#undef USERTCP_COUNTER
      kCounterCount,
  kNoCounter = 0xff,
};

#define USERTCP_COUNTER_NAME(name, constant) #name,
inline constexpr const char* kCounterNames[] = {USERTCP_COUNTERS(USERTCP_COUNTER_NAME)};
#undef USERTCP_COUNTER_NAME

struct Descriptor {
  std::int32_t word[kDescWords];
};

inline constexpr std::uint32_t kPairsPerPiece = 7;

static_assert(sizeof(Descriptor) == 64, "one descriptor is one cache line");
static_assert(kRowRaddr == kRowLaddr + 4 && kRowLaddr == kRowPorts + 1, "nine identity words lie together");
static_assert(sizeof(kCounterNames) / sizeof(kCounterNames[0]) == kCounterCount);

}  // namespace usertcp
