// RAS of the stand-in, over its socket.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/node/nccl_ras.h"
#include "harness/node_sim/nccl_library/nccl_library_fixture.h"

namespace assay::nccl {
namespace {

class RasClient {
 public:
  explicit RasClient(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~RasClient() { close(socket_); }
  RasClient(const RasClient&) = delete;
  RasClient& operator=(const RasClient&) = delete;

  bool connected() const { return connected_; }
  void say(const std::string& text) {
    EXPECT_EQ(send(socket_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  std::string answer(const std::string& text) {
    say(text);
    while (received_.find('\n') == std::string::npos && receive()) {
    }
    const std::size_t end = std::min(received_.find('\n'), received_.size());
    const std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
  }
  std::string all_until_it_closes() {
    while (receive()) {
    }
    return received_;
  }

 private:
  bool receive() {
    char piece[512];
    const ssize_t got = recv(socket_, piece, sizeof(piece), 0);
    if (got > 0) received_.append(piece, static_cast<std::size_t>(got));
    return got > 0;
  }

  int socket_;
  bool connected_ = false;
  std::string received_;
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// ras/client_support.cc: rasClientEventLoop, and the writers of its JSON.
TEST_F(NcclLibrary, RasSaysHowTheRanksAre) {
  const std::string at = free_ras_address();
  const int port = std::stoi(at.substr(at.find(':') + 1));
  const Variable enable("NCCL_RAS_ENABLE", nullptr), address("NCCL_RAS_ADDR", at.c_str());
  library_->keep_loaded();  // its thread goes on
  RanksOfOneThread ranks(*api_, node_, 2);
  ranks.begin_all();
  std::vector<float*> memory;
  for (int time = 0; time < 3; ++time) {
    ranks.for_each([&](int, Comm comm) {
      memory.push_back(allocate<float>(1));
      EXPECT_EQ(api_->all_reduce(memory.back(), memory.back(), 1, DataType::f32, Op::sum, comm, nullptr),
                Result::success);
    });
  }
  const Comm first = ranks.use(0);
  EXPECT_EQ(api_->broadcast(memory[0], memory[0], 1, DataType::f32, 0, first, nullptr), Result::success);

  RasClient client(port);
  if (!client.connected()) GTEST_SKIP() << "this process's RAS listens elsewhere since another test";
  EXPECT_EQ(client.answer("client protocol 2\n"), "SERVER PROTOCOL 2");
  EXPECT_EQ(client.answer("timeout 5\n"), "OK");
  EXPECT_EQ(client.answer("set format xml\n"), "ERROR: Invalid format xml");
  EXPECT_EQ(client.answer("set format json\n"), "OK");
  EXPECT_EQ(client.answer("how are you\n"), "ERROR: Unknown command how are you");
  client.say("verbose status\n");
  const std::string status = client.all_until_it_closes();
  EXPECT_TRUE(has(status, "\"nccl_version\": \"2.28.9\"")) << status;
  EXPECT_TRUE(has(status, "\"communicators_count\": 1")) << status;
  EXPECT_TRUE(has(status, "\"size\": 2,\n      \"ranks_count\": 2,\n      \"missing_ranks_count\": 0"))
      << status;
  const std::size_t second = status.find("\"rank\": 1");
  ASSERT_NE(second, std::string::npos) << status;
  const std::string of_first = status.substr(0, second), of_second = status.substr(second);
  EXPECT_TRUE(has(of_first, "\"Broadcast\": 1")) << "counted as it is enqueued: " << status;
  EXPECT_TRUE(has(of_second, "\"Broadcast\": 0")) << status;
  for (const std::string& rank : {of_first, of_second}) {
    EXPECT_TRUE(has(rank, "\"pid\": " + std::to_string(getpid()))) << status;
    EXPECT_TRUE(has(rank, "\"AllReduce\": 3")) << status;
    EXPECT_TRUE(has(rank, "\"abort_flag\": false")) << status;
  }
  ranks.abort_all();
  RasClient later(port);
  EXPECT_EQ(later.answer("set format json\n"), "OK");
  later.say("status\n");
  EXPECT_TRUE(has(later.all_until_it_closes(), "\"abort_flag\": true"));
}

}  // namespace
}  // namespace assay::nccl
