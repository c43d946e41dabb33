#include "harness/node/bmc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay {
namespace {

using Bytes = std::vector<std::uint8_t>;

class Answering final : public Bmc {
 public:
  explicit Answering(std::optional<Bytes> answer) : answer_(std::move(answer)) {}
  std::optional<Bytes> ask(const IpmiRequest& request) override {
    asked_ = request;
    return answer_;
  }
  IpmiRequest asked_{};

 private:
  std::optional<Bytes> answer_;
};

std::optional<double> inlet_of(std::optional<Bytes> answer) {
  Answering bmc(std::move(answer));
  return inlet_temperature(bmc);
}

TEST(InletTemperature, IsAskedForByThePlaceOfTheSensor) {
  Answering bmc({});
  inlet_temperature(bmc);
  // ipmitool raw 0x2c 0x10 0xdc 0x01 0x40 0x00 0x01
  EXPECT_EQ(bmc.asked_.net_function, 0x2c);
  EXPECT_EQ(bmc.asked_.command, 0x10);
  EXPECT_THAT(bmc.asked_.data, testing::ElementsAre(0xdc, 0x01, 0x40, 0x00, 0x01));
}

TEST(InletTemperature, IsTheWarmestOfSeveral) {
  EXPECT_EQ(inlet_of(Bytes{0x00, 0xdc, 1, 1, 23, 1}), 23);
  EXPECT_EQ(inlet_of(Bytes{0x00, 0xdc, 3, 3, 23, 1, 31, 2, 24, 3}), 31);
}

TEST(InletTemperature, MayBeBelowZero) {
  EXPECT_EQ(inlet_of(Bytes{0x00, 0xdc, 1, 1, 0x85, 1}), -5);
}

TEST(InletTemperature, IsUnknownWhereNobodyAnswersOrHasNoSuchSensor) {
  EXPECT_EQ(inlet_of({}), std::nullopt);
  EXPECT_EQ(inlet_of(Bytes{}), std::nullopt);
  EXPECT_EQ(inlet_of(Bytes{0xc1}), std::nullopt) << "an unknown command";
  EXPECT_EQ(inlet_of(Bytes{0xc1, 0xdc, 1, 1, 23, 1}), std::nullopt) << "a refusal's bytes mean nothing";
  EXPECT_EQ(inlet_of(Bytes{0x00, 0xdc, 0, 0}), std::nullopt) << "no inlet sensor";
  EXPECT_EQ(inlet_of(Bytes{0x00, 0x00, 1, 1, 23, 1}), std::nullopt) << "another group's answer";
}

TEST(InletTemperature, ReadsNoFurtherThanTheAnswer) {
  EXPECT_EQ(inlet_of(Bytes{0x00, 0xdc, 8, 8, 23, 1}), 23);
  EXPECT_EQ(inlet_of(Bytes{0x00, 0xdc, 2, 2, 23, 1, 40}), 23) << "half an entry";
}

}  // namespace
}  // namespace assay
