#include "harness/node_real/real_backend.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "harness/node_real/cuda_gpu.h"
#include "harness/node_real/file_tree.h"
#include "harness/node_real/memory_rate.h"
#include "harness/node_real/pages.h"
#include "harness/node_real/real_clock.h"

namespace assay {
namespace {

class RealHost final : public Host {
 public:
  const HostFiles& files() const override { return files_; }
  std::unique_ptr<HostMemory> allocate(std::uint64_t bytes, int numa_node) override {
    return allocate_pages(bytes, numa_node);
  }
  double memory_rate(int numa_node) override { return memory_rate_of(files_, numa_node); }

 private:
  FileTree files_{"/"};
};

class RealWorkerNode final : public WorkerNode {
 public:
  Clock& clock(std::size_t) override { return clock_; }
  std::unique_ptr<Gpu> open_gpu(const Part&, const std::string& pci_address, std::uint64_t,
                                std::size_t) override {
    return open_cuda_gpu(pci_address);
  }
  Host& host() override { return host_; }
  std::unique_ptr<Library> cublaslt(std::string& why_not) override { return open_real_cublaslt(why_not); }

 private:
  RealClock clock_;
  RealHost host_;
};

class RealSamplerNode final : public SamplerNode {
 public:
  RealSamplerNode(std::string library, std::string kernel_log)
      : library_(std::move(library)), kernel_log_(std::move(kernel_log)) {}
  std::string management_library() const override { return library_; }
  std::string kernel_log() const override { return kernel_log_; }
  Nanoseconds now() const override { return clock_.now(); }
  std::unique_ptr<Clock> clock_of_gpu(int) override { return std::make_unique<RealClock>(); }

 private:
  std::string library_, kernel_log_;
  RealClock clock_;
};

class RealBackend final : public Backend {
 public:
  std::unique_ptr<WorkerNode> worker_node(const NodeAddress&) const override {
    return std::make_unique<RealWorkerNode>();
  }
  std::unique_ptr<SamplerNode> sampler_node(const NodeAddress& address) const override {
    return std::make_unique<RealSamplerNode>(address.at("library").get<std::string>(),
                                             address.at("kernel_log").get<std::string>());
  }
};

class RealNode final : public NodeSession {
 public:
  bool simulated() const override { return false; }
  Clock& clock() override { return clock_; }
  const Backend& backend() const override { return real_backend(); }
  NodeAddress sampler_address() override { return real_sampler_address(); }
  NodeAddress new_worker_address(const std::vector<Sharers>&) override { return {{"backend", kRealBackend}}; }
  std::map<std::string, std::string> environment(const std::vector<std::string>& uuids) const override {
    const bool known =
        std::none_of(uuids.begin(), uuids.end(), [](const auto& uuid) { return uuid.empty(); });
    std::map<std::string, std::string> variables{{"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}};
    if (known) variables["CUDA_VISIBLE_DEVICES"] = fmt::format("{}", fmt::join(uuids, ","));
    return variables;
  }

 private:
  RealClock clock_;
};

}  // namespace

const Backend& real_backend() {
  static const RealBackend backend;
  return backend;
}

std::unique_ptr<NodeSession> open_real_node() {
  return std::make_unique<RealNode>();
}

std::unique_ptr<Library> open_real_cublaslt(std::string& why_not) {
  const auto beside = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::string name = kCublasLtLibrary;
  // Ours first, then the loader's, then where NVIDIA's installers leave it without telling the loader.
  const std::string candidates[] = {beside / "lib" / name, beside.parent_path() / "lib/assay" / name, name,
                                    "/usr/local/cuda/lib64/" + name, "/usr/local/cuda/lib/" + name};
  for (const std::string& path : candidates) {
    if (path != name && !std::filesystem::exists(path)) continue;
    auto library = Library::open(path, why_not);
    if (library == nullptr && path != name) return nullptr;  // it is there, and broken
    if (library == nullptr) continue;
    if (!library->is_stand_in()) {
      library->keep_loaded();
      return library;
    }
    why_not = library->file() + " stands in for the real library: a real node is not tested with it";
  }
  return nullptr;
}

NodeAddress real_sampler_address(const std::string& kernel_log, const std::string& library) {
  return {{"backend", kRealBackend}, {"library", library}, {"kernel_log", kernel_log}};
}

}  // namespace assay
