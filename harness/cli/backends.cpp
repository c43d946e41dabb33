#include "harness/cli/backends.h"

#include <stdexcept>

#include "harness/node_real/real_backend.h"
#include "harness/node_sim/simulated_backend.h"

namespace assay::cli {
namespace {

class AllBackends final : public Backend {
 public:
  std::unique_ptr<WorkerNode> worker_node(const NodeAddress& address) const override {
    return of(address).worker_node(address);
  }
  std::unique_ptr<SamplerNode> sampler_node(const NodeAddress& address) const override {
    return of(address).sampler_node(address);
  }

 private:
  static const Backend& of(const NodeAddress& address) {
    const auto kind = address.at("backend").get<std::string>();
    if (kind == kRealBackend) return real_backend();
    if (kind == sim::kSimulatedBackend) return sim::simulated_backend();
    throw std::invalid_argument("no backend named " + kind);
  }
};

}  // namespace

const Backend& all_backends() {
  static const AllBackends backends;
  return backends;
}

}  // namespace assay::cli
