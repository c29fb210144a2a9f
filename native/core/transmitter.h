// Transmit descriptors become frames: left to the device where it cuts and sums, cut and summed here where it does not.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "counters.h"
#include "device.h"
#include "segment.h"
#include "tx_batch.h"

namespace usertcp {

class Transmitter {
 public:
  // `vlan`: whose tag frames get that name none of their own; 0 = no tag.
  Transmitter(const ChecksumKernel& checksum, Counters counters, std::uint16_t vlan = 0)
      : checksum_(checksum), counters_(counters), vlan_(vlan) {}

  // Sends every descriptor or counts why not. Returns the errno of a link that is down, else 0.
  int flush(Device& device, const TxRegions& regions, std::span<const Descriptor> descs);

  // Believes the device's word about segmentation again.
  void forget_refusals() {
    gso_refused_ = false;
    gso_proven_ = false;
  }

 private:
  struct Job {  // one flush
    Device& device;
    const TxRegions& regions;
    std::span<const Descriptor> descs;
    Offload offload;
    std::optional<std::uint32_t> cut_this;  // the device refused this descriptor uncut
    int waits_left;
    int down = 0;
  };

  // False when the batch must be submitted first.
  bool try_add(Job& job, std::uint32_t at, std::uint32_t used);
  void add_raw(Job& job, std::uint32_t at);
  void add_whole(Job& job, std::uint32_t at, const SegmentHeaders& headers, std::uint32_t gso);
  void add_cut(Job& job, std::uint32_t at, const SegmentHeaders& headers, std::uint32_t size);
  void add_segment(const Job& job, std::uint32_t at, const SegmentHeaders& headers, const Slice& slice);
  // The descriptor to begin with again, because the device would not cut it.
  std::optional<std::uint32_t> submit(Job& job);
  void submit_acks_aside(Job& job);
  void count_sent(std::uint32_t frames, std::size_t bytes);

  const ChecksumKernel& checksum_;
  Counters counters_;
  std::uint16_t vlan_;
  TxBatch batch_;
  Payload payload_;
  bool gso_refused_ = false;
  bool gso_proven_ = false;
};

}  // namespace usertcp
