#include "core/checksum.h"

#include <gtest/gtest.h>

#include "core/bytes.h"
#include "frames.h"

namespace usertcp {
namespace {

using test::Bytes;

std::uint16_t in_network_order(std::uint16_t sum) { return to_be16(sum); }
// 0 and 0xffff are the same number in one's complement.
std::uint16_t normal(std::uint16_t sum) { return sum == 0xffff ? 0 : sum; }

class ChecksumKernels : public testing::TestWithParam<const ChecksumKernel*> {};

TEST_P(ChecksumKernels, AgreeWithTheDefinitionAtEveryLengthAndAlignment) {
  const Bytes data = test::some_bytes(400);
  for (std::size_t offset = 0; offset < 8; ++offset) {
    for (std::size_t length = 0; offset + length <= data.size(); ++length) {
      const Bytes part(data.begin() + offset, data.begin() + offset + length);
      const std::byte* at = test::view(data).data() + offset;
      const std::uint16_t expected = normal(test::naive_sum(part));
      ASSERT_EQ(normal(in_network_order(GetParam()->sum(at, length))), expected) << offset << " " << length;
      Bytes copied(length + 2, 0xa5);
      std::byte* to = std::as_writable_bytes(std::span(copied)).data() + 1;
      ASSERT_EQ(normal(in_network_order(GetParam()->copy(to, at, length))), expected);
      ASSERT_EQ(Bytes(copied.begin() + 1, copied.end() - 1), part);
      ASSERT_EQ(copied.front(), 0xa5);
      ASSERT_EQ(copied.back(), 0xa5);
    }
  }
}

TEST_P(ChecksumKernels, LoseNoCarryOverLongRunsOfOnes) {
  const Bytes ones(65535, 0xff);
  EXPECT_EQ(normal(in_network_order(GetParam()->sum(test::view(ones).data(), ones.size()))),
            normal(test::naive_sum(ones)));
}

TEST_P(ChecksumKernels, PartsAtOddOffsetsAddUp) {
  const Bytes data = test::some_bytes(1001);
  const std::byte* at = test::view(data).data();
  for (std::size_t cut = 0; cut <= data.size(); ++cut) {
    const std::uint64_t sum =
        std::uint64_t{GetParam()->sum(at, cut)} + sum_at(GetParam()->sum(at + cut, data.size() - cut), cut);
    ASSERT_EQ(normal(in_network_order(fold_sum(sum))), normal(test::naive_sum(data))) << cut;
  }
}

std::vector<const ChecksumKernel*> supported() {
  std::vector<const ChecksumKernel*> kernels;
  for (const ChecksumKernel& kernel : checksum_kernels()) {
    if (kernel.supported()) kernels.push_back(&kernel);
  }
  return kernels;
}

INSTANTIATE_TEST_SUITE_P(All, ChecksumKernels, testing::ValuesIn(supported()),
                         [](const auto& info) { return std::string(info.param->name); });

TEST(Checksum, ExampleOfRfc1071) {
  const Bytes data = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(in_network_order(find_checksum_kernel("scalar")->sum(test::view(data).data(), data.size())), 0xddf2);
}

TEST(Checksum, NamesThatAreNotThereAreRefused) {
  EXPECT_EQ(find_checksum_kernel("sse9"), nullptr);
  EXPECT_NE(find_checksum_kernel(""), nullptr);
  EXPECT_NE(supported_checksum_names().find("scalar"), std::string::npos);
}

}  // namespace
}  // namespace usertcp
