// A datagram socket stands for the packet socket: what is sent on one end comes out of the other, in order.
#include "core/ack_sender.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/uio.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace usertcp {
namespace {

class AckSenderTest : public testing::Test {
 protected:
  AckSenderTest() {
    int fds[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
    in_ = UniqueFd(fds[0]);
    out_ = UniqueFd(fds[1]);
    const timeval patience{5, 0};
    ::setsockopt(out_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sender_ = AckSender::start(in_.get());
  }
  void SetUp() override {
    cpu_set_t allowed;
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    if (CPU_COUNT(&allowed) < 2) GTEST_SKIP() << "one core";
    ASSERT_NE(sender_, nullptr);
  }

  // Frames with these texts, posted at once.
  bool post(std::vector<std::string> texts, std::size_t pieces = 1) {
    std::vector<iovec> parts;
    for (std::string& text : texts) parts.push_back({text.data(), text.size()});
    std::vector<mmsghdr> messages(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i) {
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = pieces;
    }
    return sender_->post(messages.data(), static_cast<unsigned>(messages.size()));
  }
  std::string receive() {
    char bytes[256];
    const ssize_t length = ::recv(out_.get(), bytes, sizeof bytes, 0);
    return length < 0 ? "nothing" : std::string(bytes, static_cast<std::size_t>(length));
  }

  UniqueFd in_, out_;
  std::unique_ptr<AckSender> sender_;
};

TEST_F(AckSenderTest, SendsInOrderWhatWasPosted) {
  for (int i = 0; i < 5000; ++i) {
    const std::string name = "ack " + std::to_string(i);
    ASSERT_TRUE(post({name, name + " and one more"}));
    ASSERT_EQ(receive(), name);
    ASSERT_EQ(receive(), name + " and one more");
  }
  EXPECT_EQ(sender_->take_lost(), 0u);
}

TEST_F(AckSenderTest, TakesNoFrameThatIsTooLongOrInPieces) {
  EXPECT_FALSE(post({"short", std::string(AckSender::kFrame + 1, 'x')}));
  EXPECT_FALSE(post({"short"}, 2));
  ASSERT_TRUE(post({std::string(AckSender::kFrame, 'y')}));
  EXPECT_EQ(receive(), std::string(AckSender::kFrame, 'y'));
}

TEST_F(AckSenderTest, TakesNoMoreThanHasRoom) {
  EXPECT_FALSE(post(std::vector<std::string>(AckSender::kFrames + 1, "z")));
  EXPECT_TRUE(post({"z"}));
}

TEST_F(AckSenderTest, CountsWhatTheSocketDoesNotTake) {
  ASSERT_TRUE(post(std::vector<std::string>(AckSender::kFrames, "z")));
  // Nobody reads: the kernel keeps some of them and refuses the others.
  std::uint32_t lost = 0;
  for (int i = 0; i < 5000 && lost == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    lost += sender_->take_lost();
  }
  EXPECT_GT(lost, 0u);
}

TEST_F(AckSenderTest, SendsWhatWaitsBeforeItEnds) {
  ASSERT_TRUE(post({"the last"}));
  sender_.reset();
  EXPECT_EQ(receive(), "the last");
}

}  // namespace
}  // namespace usertcp
