// What the engine needs of something that carries frames: one call per burst, never one per frame.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "headers.h"
#include "mapping.h"
#include "packet_filter.h"
#include "result.h"

namespace usertcp {

using MacAddress = std::array<std::uint8_t, 6>;

struct RxFrame {
  FrameMeta meta;
  std::uint32_t length;
};

struct Offload {
  bool checksum = false;      // completes partial checksums
  bool segmentation = false;  // takes TCP super-segments and cuts them, or has the kernel cut them
};

class Device {
 public:
  virtual ~Device() = default;

  // Takes the frames that are there, oldest first; they stay lent until release().
  virtual std::size_t receive(std::span<RxFrame> frames) = 0;
  virtual void release() = 0;
  // Whether a frame waits: what a spinning reader looks at.
  virtual bool ready() = 0;
  // Whether so much waits that waiting for more would not make the burst better.
  virtual bool plenty() = 0;

  // The number of messages sent, or -errno of the first.
  virtual int send(mmsghdr* messages, unsigned count) = 0;
  // Whether so much waits to be read that another core shall send the acknowledgments that may lag (ADR 56).
  virtual bool wants_aside() { return false; }
  // Of one piece each. False: send them as ever.
  virtual bool send_aside(const mmsghdr*, unsigned) { return false; }
  // Waits until the device may take more, at most `milliseconds`.
  virtual void wait_writable(int milliseconds) = 0;

  virtual Status set_filter(const Filter& filter) = 0;
  // Reads address, MTU and offloads again; finds the device again after it went away.
  virtual Status reopen() = 0;
  // Whether it has another MTU, MAC address or name than reopen() read last. It costs no lock of the kernel's, as that does.
  virtual bool changed() const { return false; }
  // Of stacks that share an address; a device without groups cannot.
  virtual Result<std::array<int, 2>> join_groups_of_stacks(std::array<int, 2>) {
    return Failure{EOPNOTSUPP, "join_groups"};
  }
  virtual Status steer(std::span<const sock_filter>) { return Failure{EOPNOTSUPP, "steer"}; }
  // Why there is no near ring although there could be (ADR 48): errno, or 0.
  virtual int near_refused() const { return 0; }
  // Why the descriptors were woken although nothing can be read: errno, or 0.
  virtual int take_error() = 0;

  // Frames longer than a segment are copied by us when they are handled (ADR 55), not by the core that sends them or takes them
  // from the wire. False: there is no such way, and they come as they did.
  virtual bool read_long(bool) { return false; }

  virtual std::vector<int> poll_fds() const = 0;
  virtual const MacAddress& mac() const = 0;
  virtual unsigned mtu() const = 0;
  virtual int index() const = 0;
  virtual const std::string& name() const = 0;
  virtual Offload offload() const = 0;
  virtual std::size_t capacity() const = 0;
  virtual const Shared<Mapping>& memory() const = 0;

  std::uint64_t ring_drops = 0;
  std::uint64_t truncated = 0;
  // Given to send_aside, and not sent.
  std::uint64_t aside_lost = 0;
};

}  // namespace usertcp
