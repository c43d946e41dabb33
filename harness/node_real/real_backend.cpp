#include "harness/node_real/real_backend.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "harness/node_real/cuda_gpu.h"
#include "harness/node_real/file_tree.h"
#include "harness/node_real/ipmi_device.h"
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
  Bmc& bmc() override { return bmc_; }

 private:
  FileTree files_{"/"};
  IpmiDevice bmc_;
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
  std::unique_ptr<Library> nccl(std::string& why_not) override { return open_real_nccl(why_not); }

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
  const HostFiles& host_files() const override { return files_; }
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
  FileTree files_{"/"};
};

}  // namespace

const Backend& real_backend() {
  static const RealBackend backend;
  return backend;
}

std::unique_ptr<NodeSession> open_real_node() {
  return std::make_unique<RealNode>();
}

namespace {

namespace fs = std::filesystem;

/// Ours first, then the loader's, then where NVIDIA's installers leave it without telling the loader.
std::vector<std::string> places_of(const std::string& name) {
  const auto beside = fs::read_symlink("/proc/self/exe").parent_path();
  return {beside / "lib" / name, beside.parent_path() / "lib/assay" / name, name,
          "/usr/local/cuda/lib64/" + name, "/usr/local/cuda/lib/" + name};
}

/// Where Python's packages have it: nvidia-nccl-cu13, which PyTorch brings.
std::vector<std::string> places_in_python(const std::string& name) {
  std::vector<fs::path> roots{"/usr/lib", "/usr/local/lib"};
  for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    if (const char* const root = std::getenv(variable)) roots.push_back(fs::path(root) / "lib");
  }
  if (const char* const home = std::getenv("HOME")) roots.push_back(fs::path(home) / ".local/lib");
  std::vector<std::string> places;
  for (const fs::path& root : roots) {
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(root, none)) {
      if (entry.path().filename().string().rfind("python3", 0) != 0) continue;
      for (const char* packages : {"site-packages", "dist-packages"})
        places.push_back(entry.path() / packages / "nvidia/nccl/lib" / name);
    }
  }
  std::sort(places.begin(), places.end());
  return places;
}

std::unique_ptr<Library> open_first(const std::vector<std::string>& places, const std::string& name,
                                    std::string& why_not) {
  for (const std::string& path : places) {
    if (path != name && !fs::exists(path)) continue;
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

}  // namespace

std::unique_ptr<Library> open_real_cublaslt(std::string& why_not) {
  return open_first(places_of(kCublasLtLibrary), kCublasLtLibrary, why_not);
}

std::unique_ptr<Library> open_real_nccl(std::string& why_not) {
  std::vector<std::string> places = places_of(kNcclLibrary);
  for (std::string& place : places_in_python(kNcclLibrary)) places.push_back(std::move(place));
  return open_first(places, kNcclLibrary, why_not);
}

NodeAddress real_sampler_address(const std::string& kernel_log, const std::string& library) {
  return {{"backend", kRealBackend}, {"library", library}, {"kernel_log", kernel_log}};
}

}  // namespace assay
