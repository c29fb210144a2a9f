// A device that keeps what is sent and receives nothing: for tests, and for encode() of the addon.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "device.h"

namespace usertcp {

class CaptureDevice : public Device {
 public:
  struct Sent {
    VnetHeader vnet;
    std::vector<std::byte> frame;
  };

  CaptureDevice(Offload offload, MacAddress mac) : offload_(offload), mac_(mac) {}

  std::size_t receive(std::span<RxFrame>) override { return 0; }
  void release() override {}
  bool ready() override { return false; }
  bool plenty() override { return false; }
  int send(mmsghdr* messages, unsigned count) override {
    for (unsigned i = 0; i < count; ++i) {
      const msghdr& message = messages[i].msg_hdr;
      std::vector<std::byte> bytes;
      for (std::size_t part = 0; part < message.msg_iovlen; ++part) {
        const auto* data = static_cast<const std::byte*>(message.msg_iov[part].iov_base);
        bytes.insert(bytes.end(), data, data + message.msg_iov[part].iov_len);
      }
      Sent sent;
      std::memcpy(&sent.vnet, bytes.data(), kVnetHeader);
      if (refuse_gso && sent.vnet.gso_type != kVnetGsoNone) return i > 0 ? static_cast<int>(i) : -ENOBUFS;
      sent.frame.assign(bytes.begin() + kVnetHeader, bytes.end());
      frames.push_back(std::move(sent));
    }
    return static_cast<int>(count);
  }
  bool wants_aside() override { return behind; }
  bool send_aside(const mmsghdr*, unsigned count) override {
    aside += count;
    return true;
  }
  void wait_writable(int) override {}
  Status set_filter(const Filter&) override { return {}; }
  Status reopen() override { return {}; }
  int take_error() override { return 0; }

  std::vector<int> poll_fds() const override { return {}; }
  const MacAddress& mac() const override { return mac_; }
  unsigned mtu() const override { return 1500; }
  int index() const override { return 0; }
  const std::string& name() const override { return name_; }
  Offload offload() const override { return offload_; }
  std::size_t capacity() const override { return 0; }
  const Shared<Mapping>& memory() const override { return memory_; }

  std::vector<Sent> frames;
  bool refuse_gso = false;
  // Takes what may be sent aside; how many.
  bool behind = false;
  unsigned aside = 0;

 private:
  Offload offload_;
  MacAddress mac_;
  std::string name_ = "capture";
  Shared<Mapping> memory_;
};

}  // namespace usertcp
