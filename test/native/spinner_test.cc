// How often the poller lets others run, and for whom it was no use.
#include "node/spinner.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace usertcp {
namespace {

constexpr std::uint32_t kLimit = 1000;

class SpinnerTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::sysconf(_SC_NPROCESSORS_ONLN) < 2) GTEST_SKIP() << "on one core nobody spins";
  }

  // How many of `turns` turns looked for an answer.
  int looks(int turns, bool answered, useconds_t takes = 0) {
    int looked = 0;
    for (int turn = 0; turn < turns; ++turn) {
      spinner_.let_run([&] {
        ++looked;
        if (takes > 0) ::usleep(takes);
        return answered;
      });
    }
    return looked;
  }

  Spinner spinner_{kLimit};
};

TEST_F(SpinnerTest, LetsThosePeersRunWhoAnswer) { EXPECT_EQ(looks(100, true), 100); }

TEST_F(SpinnerTest, LetsOthersRunMoreAndMoreRarelyWhenNobodyAnswers) {
  EXPECT_EQ(looks(1, false), 1);
  EXPECT_EQ(looks(1 + 1, false), 1);
  EXPECT_EQ(looks(2 + 1, false), 1);
  EXPECT_EQ(looks(4 + 1, false), 1);
  looks(8 + 16 + 32 + 64 + 128 + 256 + 512 + 7, false);
  EXPECT_EQ(looks(4 * 1025, false), 4);
}

TEST_F(SpinnerTest, AnAnswerMakesItOftenAgain) {
  EXPECT_EQ(looks(3, false), 2);
  looks(2, true);
  EXPECT_EQ(looks(100, true), 100);
}

TEST_F(SpinnerTest, WhoKeepsTheCoreForLongerThanASpinIsNoUse) {
  EXPECT_EQ(looks(16, true, 2 * kLimit), 4);  // the first, the third, the sixth and the eleventh
}

TEST_F(SpinnerTest, ASpinOfZeroLetsNobodyRun) {
  Spinner none(0);
  EXPECT_FALSE(none.let_run([] { return true; }));
}

}  // namespace
}  // namespace usertcp
