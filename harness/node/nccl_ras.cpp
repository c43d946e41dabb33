#include "harness/node/nccl_ras.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <regex>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace assay {
namespace {

class Socket {
 public:
  Socket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t port_of(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error("RAS: no port in " + address);
  return static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)));
}

/// Each call of recv and send ends within a second.
void limit_calls(int fd) {
  const timeval one_second{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &one_second, sizeof(one_second));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &one_second, sizeof(one_second));
}

void say(int fd, const std::string& line) {
  if (send(fd, line.data(), line.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(line.size()))
    throw std::runtime_error("RAS: it does not listen");
}

/// All that comes until the other side closes.
std::string hear(int fd, double most_s) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(most_s);
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t got = recv(fd, piece, sizeof(piece), 0);
    if (got == 0) return text;
    if (got > 0) text.append(piece, static_cast<std::size_t>(got));
    if (got < 0 && errno != EAGAIN && errno != EINTR) throw std::runtime_error("RAS: it broke off");
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("RAS: it does not answer in time");
  }
}

/// jsonWriteMissingRank forgets the comma before the status (mended in 2.29.2).
std::string repaired(const std::string& json) {
  static const std::regex gap("(\"nvml_dev\": -?[0-9]+)(\\s+\"status\")");
  return std::regex_replace(json, gap, "$1,$2");
}

RasRank rank_from(const nlohmann::json& j, bool answers) {
  RasRank rank;
  rank.rank = j.at("rank");
  rank.answers = answers;
  if (!answers) return rank;
  rank.finalizing = j.at("status").at("finalize_called");
  for (const auto& [function, count] : j.at("collective_counts").items()) rank.begun[function] = count;
  return rank;
}

std::vector<RasRank> ranks_from(const nlohmann::json& answer) {
  std::vector<RasRank> most;
  for (const nlohmann::json& comm : answer.at("communicators")) {
    std::vector<RasRank> ranks;
    for (const nlohmann::json& rank : comm.at("ranks")) ranks.push_back(rank_from(rank, true));
    for (const nlohmann::json& rank : comm.at("missing_ranks")) ranks.push_back(rank_from(rank, false));
    if (ranks.size() > most.size()) most = std::move(ranks);
  }
  return most;
}

}  // namespace

std::string free_ras_address() {
  const Socket probe;
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  if (bind(probe.fd(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(probe.fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("RAS: the loopback interface has no port");
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

RasAnswer read_ras(const std::string& text) {
  const auto begins = text.find('{');
  if (begins == std::string::npos) throw std::runtime_error("RAS: no JSON: " + text.substr(0, 200));
  RasAnswer answer;
  answer.json = repaired(text.substr(begins));
  try {
    answer.ranks = ranks_from(nlohmann::json::parse(answer.json));
  } catch (const nlohmann::json::exception& error) {
    throw std::runtime_error(std::string("RAS: ") + error.what());
  }
  return answer;
}

RasAnswer ask_ras(const std::string& address, double most_s) {
  const Socket socket;
  limit_calls(socket.fd());
  const sockaddr_in at = loopback(port_of(address));
  if (connect(socket.fd(), reinterpret_cast<const sockaddr*>(&at), sizeof(at)) != 0)
    throw std::runtime_error("RAS: nobody listens at " + address);
  say(socket.fd(), "client protocol 2\n");
  say(socket.fd(), "timeout " + std::to_string(static_cast<int>(most_s)) + "\n");
  say(socket.fd(), "set format json\n");
  say(socket.fd(), "verbose status\n");
  return read_ras(hear(socket.fd(), most_s + 1));
}

}  // namespace assay
