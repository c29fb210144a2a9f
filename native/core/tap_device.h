// A TAP interface: the kernel is on the other end of the wire. Frames are read into slots of our own.
#pragma once

#include "device.h"
#include "interface.h"
#include "unique_fd.h"

namespace usertcp {

struct TapOptions {
  std::string name;  // empty: the kernel picks one
  std::uint32_t slots = 64;
  MacAddress mac{};  // ours, not the interface's
};

class TapDevice final : public Device {
 public:
  static Result<std::unique_ptr<TapDevice>> open(const TapOptions& options);

  std::size_t receive(std::span<RxFrame> frames) override;
  void release() override { used_ = 0; }
  bool ready() override;
  // How many frames wait cannot be seen without reading them.
  bool plenty() override { return true; }
  int send(mmsghdr* messages, unsigned count) override;
  void wait_writable(int milliseconds) override;
  // Everything the kernel sends to the interface is for us; the core looks at addresses.
  Status set_filter(const Filter&) override { return {}; }
  Status reopen() override;
  int take_error() override;
  bool changed() const override;

  std::vector<int> poll_fds() const override { return {tap_.get()}; }
  const MacAddress& mac() const override { return mac_; }
  unsigned mtu() const override { return facts_.mtu; }
  int index() const override { return facts_.index; }
  const std::string& name() const override { return facts_.name; }
  Offload offload() const override { return offload_; }
  std::size_t capacity() const override { return std::size_t{slots_} * 65536; }
  const Shared<Mapping>& memory() const override { return memory_; }

 private:
  TapDevice() = default;
  std::string present_name() const;

  UniqueFd tap_;
  UniqueFd control_;  // for questions about the interface
  Shared<Mapping> memory_;
  InterfaceFacts facts_;
  Offload offload_;
  MacAddress mac_{};
  std::uint32_t slots_ = 0;
  std::uint32_t used_ = 0;
};

}  // namespace usertcp
