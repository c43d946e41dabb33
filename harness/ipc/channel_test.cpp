#include "harness/ipc/channel.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace assay::ipc {
namespace {

const nlohmann::json kMoreThanIsBuffered{{"much", std::string(2 << 20, 'x')}};

TEST(Channel, AParentIsNotHeldByAChildThatDoesNotRead) {
  const SocketPair pair = make_socket_pair(std::chrono::milliseconds(50));
  EXPECT_THROW(Channel(pair.parent.get()).send(kMoreThanIsBuffered), ProtocolError);
}

TEST(Channel, AMessageLargerThanTheBufferArrivesWhole) {
  const SocketPair pair = make_socket_pair();
  std::thread parent([&] { Channel(pair.parent.get()).send(kMoreThanIsBuffered); });
  const auto received = Channel(pair.child.get()).receive();
  parent.join();
  ASSERT_TRUE(received);
  EXPECT_EQ(*received, kMoreThanIsBuffered);
}

TEST(Channel, APeerThatIsGoneIsAnErrorToASenderAndAnEndToAReader) {
  SocketPair pair = make_socket_pair();
  pair.child.close();
  EXPECT_THROW(Channel(pair.parent.get()).send({{"is", "anybody there?"}}), ProtocolError);
  EXPECT_EQ(Channel(pair.parent.get()).receive(), std::nullopt);
}

}  // namespace
}  // namespace assay::ipc
