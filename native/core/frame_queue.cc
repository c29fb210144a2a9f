#include "frame_queue.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "vnet_header.h"

namespace usertcp {
namespace {

// The vnet header lies right in front of the frame, which begins where IP headers become aligned.
constexpr std::uint32_t kFrameAt = 18;
constexpr std::uint32_t kReadAt = kFrameAt - kVnetHeader;

std::uint32_t room_of(std::uint32_t length) { return (kFrameAt + length + 15) & ~15U; }

}  // namespace

bool FrameQueue::fits(std::uint32_t length) const { return room_of(length) <= kBytes - used_; }

bool FrameQueue::take(std::span<const std::uint32_t> lengths, RxFrame& frame) {
  if (next_ == end_) read(lengths);
  if (next_ < end_ && read_[next_].length == lengths[0]) {
    frame.meta.offset = read_[next_++].offset;
    frame.length = lengths[0];
    return true;
  }
  forget();
  return false;
}

// A frame longer than all of the memory, or slots and frames out of step, which should not be: what waits now is lost, and what
// comes fits again.
void FrameQueue::forget() {
  next_ = end_ = 0;
  std::byte nothing;
  while (::recv(fd_, &nothing, sizeof nothing, MSG_DONTWAIT | MSG_TRUNC) > 0) {
  }
}

void FrameQueue::read(std::span<const std::uint32_t> lengths) {
  std::array<mmsghdr, kMost> messages;
  std::array<iovec, kMost> parts;
  std::uint32_t count = 0;
  for (; count < kMost && count < lengths.size() && fits(lengths[count]); ++count) {
    read_[count].offset = offset_ + used_ + kFrameAt;
    parts[count] = {memory_ + offset_ + used_ + kReadAt, kVnetHeader + lengths[count]};
    messages[count] = {};
    messages[count].msg_hdr.msg_iov = &parts[count];
    messages[count].msg_hdr.msg_iovlen = 1;
    used_ += room_of(lengths[count]);
  }
  long got = -1;
  // An interface that went down is told once, in front of the frames; the socket of the small frames tells it as well.
  for (int tries = 0; got < 0 && tries < 3; ++tries) {
    // Not by the name: musl writes to the headers.
    got = ::syscall(SYS_recvmmsg, fd_, messages.data(), count, MSG_DONTWAIT | MSG_TRUNC, nullptr);
    if (got < 0 && errno == EAGAIN) break;
  }
  next_ = end_ = 0;
  for (; static_cast<long>(end_) < got; ++end_) {
    // With MSG_TRUNC what a message has, whatever room there was.
    read_[end_].length = messages[end_].msg_len - static_cast<std::uint32_t>(kVnetHeader);
  }
}

void FrameQueue::release() {
  if (next_ == end_) used_ = 0;
}

}  // namespace usertcp
