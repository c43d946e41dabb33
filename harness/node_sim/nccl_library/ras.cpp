#include "harness/node_sim/nccl_library/ras.h"

#include <netdb.h>
#include <signal.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <vector>

#include "harness/node_sim/nccl_library/settings.h"

namespace assay::nccl {
namespace {

struct RankStatus {
  int rank;
  Member member;
  bool answers;
};
struct CommStatus {
  std::uint64_t id;
  int ranks;
  std::vector<RankStatus> members;
};

/// Of a process that is gone, or was stopped, RAS hears nothing.
bool answers(const Member& member) {
  if (member.pid == getpid()) return true;
  std::ifstream file("/proc/" + std::to_string(member.pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const auto bracket = text.rfind(')');
  if (bracket == std::string::npos || bracket + 2 >= text.size()) return false;
  return std::strchr("TtZX", text[bracket + 2]) == nullptr;
}

std::vector<CommStatus> look(MeetingPlace& place) {
  std::vector<CommStatus> all;
  const AtPlace lock(place);
  for (const Meeting& meeting : place.meetings) {
    if (meeting.id == 0) continue;
    CommStatus status{meeting.id, meeting.ranks, {}};
    for (int rank = 0; rank < meeting.ranks; ++rank) {
      const Member& member = meeting.members[rank];
      if (member.state == Member::absent || member.state == Member::gone) continue;
      status.members.push_back({rank, member, answers(member)});
    }
    if (!status.members.empty()) all.push_back(std::move(status));
  }
  return all;
}

void write_place(std::ostringstream& out, const RankStatus& rank) {
  out << "        {\n          \"rank\": " << rank.rank
      << ",\n          \"host\": \"127.0.0.1\",\n          \"pid\": " << rank.member.pid
      << ",\n          \"cuda_dev\": " << rank.member.ordinal
      << ",\n          \"nvml_dev\": " << rank.member.slot;
}

void write_rank(std::ostringstream& out, const RankStatus& rank) {
  const auto yes = [](bool it) { return it ? "true" : "false"; };
  write_place(out, rank);
  out << ",\n          \"status\": {\n            \"init_state\": 0,\n            \"async_error\": 0,\n"
      << "            \"finalize_called\": " << yes(rank.member.state == Member::finalizing)
      << ",\n            \"destroy_flag\": false,\n            \"abort_flag\": "
      << yes(rank.member.aborted != 0) << "\n          },\n          \"collective_counts\": {\n";
  for (int i = 0; i < kTunedFunctions; ++i)
    out << "            \"" << name_of(static_cast<Function>(i)) << "\": " << rank.member.counts[i]
        << (i + 1 < kTunedFunctions ? ",\n" : "\n");
  out << "          }\n        }";
}

void write_missing(std::ostringstream& out, const RankStatus& rank) {
  write_place(out, rank);
  out << "\n          \"status\": {\n            \"unresponsive\": true,\n            \"considered_dead\": "
         "false\n"
      << "          }\n        }";
}

template <typename Write>
int write_all(std::ostringstream& out, const CommStatus& comm, bool that_answer, const Write& write) {
  int count = 0;
  for (const RankStatus& rank : comm.members) {
    if (rank.answers != that_answer) continue;
    if (count++ > 0) out << ",\n";
    write(out, rank);
  }
  return count;
}

std::string status_as_json(MeetingPlace& place) {
  const std::vector<CommStatus> comms = look(place);
  std::ostringstream out;
  out << "{\n  \"nccl_version\": \"2.28.9\",\n  \"cuda_runtime_version\": 13000,\n"
      << "  \"cuda_driver_version\": 13000,\n  \"timestamp\": \"1970-01-01 00:00:00\",\n"
      << "  \"communicators_count\": " << comms.size() << ",\n  \"communicators\": [\n";
  bool first = true;
  for (const CommStatus& comm : comms) {
    std::ostringstream present, missing;
    write_all(present, comm, true, write_rank);
    const int lacking = write_all(missing, comm, false, write_missing);
    if (!first) out << ",\n";
    first = false;
    out << "    {\n      \"hash\": \"0x" << std::hex << comm.id << std::dec
        << "\",\n      \"secondary_hash\": \"0x0:0x0\",\n      \"size\": " << comm.ranks
        << ",\n      \"ranks_count\": " << static_cast<int>(comm.members.size()) - lacking
        << ",\n      \"missing_ranks_count\": " << lacking << ",\n      \"ranks\": [\n"
        << present.str() << "\n      ],\n      \"missing_ranks\": [\n"
        << missing.str() << "\n      ]\n    }";
  }
  out << "\n  ],\n  \"ras\": {\n    \"collection_time_sec\": 0.001,\n    \"timeouts_count\": 0\n  }\n}\n";
  return out.str();
}

void say(int client, const std::string& text) {
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t more = send(client, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (more <= 0) return;
    sent += static_cast<std::size_t>(more);
  }
}

bool begins(const std::string& line, const char* with) {
  return strncasecmp(line.c_str(), with, std::strlen(with)) == 0;
}

/// One client, one status.
void serve(int client, MeetingPlace& place) {
  bool json = false;
  std::string text;
  char piece[512];
  for (;;) {
    const auto end = text.find('\n');
    if (end == std::string::npos) {
      const ssize_t got = recv(client, piece, sizeof(piece), 0);
      if (got <= 0) return;
      text.append(piece, static_cast<std::size_t>(got));
      continue;
    }
    const std::string line = text.substr(0, end);
    text = text.substr(end + 1);
    if (begins(line, "client protocol ")) {
      say(client, "SERVER PROTOCOL 2\n");
    } else if (begins(line, "timeout ")) {
      say(client, "OK\n");
    } else if (begins(line, "set format ")) {
      json = begins(line, "set format json");
      say(client, json || begins(line, "set format text")
                      ? "OK\n"
                      : "ERROR: Invalid format " + line.substr(11) + "\n");
    } else if (begins(line, "status") || begins(line, "verbose status")) {
      return say(client, json ? status_as_json(place) : "NCCL version 2.28.9 compiled with CUDA 13.0\n");
    } else {
      say(client, "ERROR: Unknown command " + line + "\n");
    }
  }
}

int listen_at(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return -1;
  addrinfo hints{}, *found = nullptr;
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(address.substr(0, colon).c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0)
    return -1;
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
  const bool bound = bind(listener, found->ai_addr, found->ai_addrlen) == 0 && listen(listener, 16) == 0;
  freeaddrinfo(found);
  if (bound) return listener;
  close(listener);
  return -1;
}

}  // namespace

void Ras::begin(const std::string& address, MeetingPlace& place) {
  static std::once_flag once;
  std::call_once(once, [&] {
    const int listener = listen_at(address);
    if (listener < 0) return;
    std::thread([listener, &place] {
      sigset_t all;
      sigfillset(&all);
      pthread_sigmask(SIG_BLOCK, &all, nullptr);
      for (;;) {
        const int client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        serve(client, place);
        close(client);
      }
    }).detach();
  });
}

}  // namespace assay::nccl
