#include "harness/cli/libraries.h"

#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "harness/ipc/channel.h"
#include "harness/ipc/child.h"
#include "harness/node/cublaslt_client.h"
#include "harness/node/nccl_client.h"
#include "harness/node_real/real_backend.h"

namespace assay::cli {
namespace {

constexpr int kPatienceMs = 30'000;  // from a disk that is slow and asleep
constexpr int kLastWordsMs = 1000;

template <typename Client>
FoundLibrary open(std::unique_ptr<Library> (*find)(std::string&)) {
  FoundLibrary found;
  auto library = find(found.why_not);
  if (library == nullptr) return found;
  const auto client = Client::open(std::move(library), found.why_not);
  if (client == nullptr) return found;
  return {client->version(), client->file(), ""};
}

nlohmann::json to_json(const FoundLibrary& found) {
  return {{"version", found.version}, {"file", found.file}, {"why_not", found.why_not}};
}

FoundLibrary from_json(const nlohmann::json& j) {
  return {j.at("version"), j.at("file"), j.at("why_not")};
}

FoundLibraries none(const std::string& why_not) {
  return {{"", "", why_not}, {"", "", why_not}};
}

/// What the child says.
FoundLibraries hear(ipc::Child& child) {
  try {
    ipc::Channel channel(child.fd());
    if (!channel.wait(kPatienceMs)) return none("they did not open within 30 s");
    if (const auto answer = channel.receive())
      return {from_json(answer->at("cublaslt")), from_json(answer->at("nccl"))};
    return none("opening them ended the process");
  } catch (const ipc::ProtocolError& error) {
    return none(error.what());
  }
}

}  // namespace

int libraries_main(int fd) {
  ipc::Channel channel(fd);
  channel.send({{"cublaslt", to_json(open<CublasLt>(open_real_cublaslt))},
                {"nccl", to_json(open<Nccl>(open_real_nccl))}});
  return 0;
}

FoundLibraries find_libraries() {
  const auto child = ipc::spawn_process(kLibrariesVerb, {.log = "/dev/null", .deaf = true});
  const FoundLibraries found = hear(*child);
  for (int i = 0; i < kLastWordsMs && !child->ended(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return found;
}

}  // namespace assay::cli
