#include "harness/cli/libraries.h"

#include <chrono>
#include <thread>

#include "harness/ipc/channel.h"
#include "harness/ipc/child.h"
#include "harness/node/cublaslt_client.h"
#include "harness/node_real/real_backend.h"

namespace assay::cli {
namespace {

constexpr int kPatienceMs = 30'000;  // from a disk that is slow and asleep
constexpr int kLastWordsMs = 1000;

FoundLibrary open_cublaslt() {
  FoundLibrary found;
  auto library = open_real_cublaslt(found.why_not);
  if (library == nullptr) return found;
  const auto client = CublasLt::open(std::move(library), found.why_not);
  if (client == nullptr) return found;
  return {client->version(), client->file(), ""};
}

}  // namespace

int libraries_main(int fd) {
  ipc::Channel channel(fd);
  const FoundLibrary found = open_cublaslt();
  channel.send({{"version", found.version}, {"file", found.file}, {"why_not", found.why_not}});
  return 0;
}

FoundLibrary find_cublaslt() {
  FoundLibrary found;
  const auto child = ipc::spawn_process(kLibrariesVerb, {"/dev/null"});
  try {
    ipc::Channel channel(child->fd());
    if (!channel.wait(kPatienceMs)) {
      found.why_not = "it did not open within 30 s";
    } else if (const auto answer = channel.receive()) {
      found = {answer->at("version"), answer->at("file"), answer->at("why_not")};
    } else {
      found.why_not = "opening it ended the process";
    }
  } catch (const ipc::ProtocolError& error) {
    found.why_not = error.what();
  }
  for (int i = 0; i < kLastWordsMs && !child->ended(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return found;
}

}  // namespace assay::cli
