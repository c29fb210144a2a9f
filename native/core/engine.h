// Everything that is native about one link: a device, the way in and the way out. Knows nothing of Node.
#pragma once

#include <array>
#include <memory>
#include <span>

#include "receiver.h"
#include "transmitter.h"

namespace usertcp {

// What the core shares with a link (SharedRegions in src/ports.ts).
struct Regions {
  std::span<const std::int32_t> rows;
  std::span<const std::int32_t> flows;
  std::span<const std::int32_t> hops;
  std::span<const std::byte> arena;
};

// Region numbers are below this (Link.lend in src/ports.ts).
inline constexpr std::size_t kLentRegions = 1024;

class Engine {
 public:
  Engine(std::unique_ptr<Device> device, const ChecksumKernel& checksum, std::span<Descriptor> rx,
         std::span<const Descriptor> tx, double* counters, std::uint16_t vlan = 0)
      : device_(std::move(device)),
        rx_(rx),
        tx_(tx),
        counters_(counters),
        receiver_(checksum, counters_, vlan),
        transmitter_(checksum, counters_, vlan) {}

  void attach(const Regions& regions) {
    flows_ = FlowTable(regions.flows, regions.rows);
    tx_regions_ = {regions.rows, regions.hops, regions.arena, lent_};
  }

  // Transmit pieces may name `region` from now on; an empty span takes the name back.
  void lend(std::uint32_t region, std::span<const std::byte> bytes) {
    if (region < lent_.size()) lent_[region] = bytes;
  }

  // The descriptors made are in `rx`; the frames stay lent until release().
  Burst rx_burst() { return receiver_.burst(*device_, flows_, rx_); }
  void release() { device_->release(); }

  // Sends the first `count` descriptors of `tx`; the errno of a link that is down, else 0.
  int flush(std::uint32_t count) {
    return transmitter_.flush(*device_, tx_regions_, tx_.first(count < tx_.size() ? count : tx_.size()));
  }

  // Asks the device again what it is and can do.
  Status reopen() {
    transmitter_.forget_refusals();
    return device_->reopen();
  }

  Device& device() { return *device_; }
  Counters& counters() { return counters_; }

 private:
  std::unique_ptr<Device> device_;
  std::span<Descriptor> rx_;
  std::span<const Descriptor> tx_;
  Counters counters_;
  Receiver receiver_;
  Transmitter transmitter_;
  FlowTable flows_;
  std::array<std::span<const std::byte>, kLentRegions> lent_{};
  TxRegions tx_regions_;
};

}  // namespace usertcp
