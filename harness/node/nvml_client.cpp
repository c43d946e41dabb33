#include "harness/node/nvml_client.h"

#include "harness/node/library.h"
#include "harness/node/nvml_gpu.h"

namespace assay {
namespace {

using nvml::Return;

/// What a GPU is does not change when it stops answering; what is set on it is not known then.
void keep_known(GpuIdentity& now, const GpuIdentity& before) {
  for (const auto text :
       {&GpuIdentity::name, &GpuIdentity::uuid, &GpuIdentity::serial, &GpuIdentity::board_part_number,
        &GpuIdentity::vbios, &GpuIdentity::inforom_image, &GpuIdentity::pci_address}) {
    if (!(now.*text).has_value() && (before.*text).has_value()) now.*text = before.*text;
  }
  for (const auto number : {&GpuIdentity::pci_device, &GpuIdentity::module_id, &GpuIdentity::memory_mib}) {
    if (!(now.*number).has_value() && (before.*number).has_value()) now.*number = before.*number;
  }
}

}  // namespace

struct NvmlClient::Session {
  std::unique_ptr<Library> library;  // destroyed last
  nvml::Api api;
  std::string driver_version;

  explicit Session(std::unique_ptr<Library> opened) : library(std::move(opened)), api(*library) {}

  Text text(const nvml::Function<Return(char*, unsigned)>& function) const {
    char buffer[96] = {};
    const Return result = function(buffer, static_cast<unsigned>(sizeof(buffer)));
    return result == Return::success ? Text::of(buffer) : Text::none(nvml::word(result));
  }
};

struct NvmlClient::Gpu {
  nvml::Device handle = nullptr;
  GpuIdentity known;
  std::optional<Integer> inforom_valid;  // as asked once

  nvml::GpuQuery query(const Session& session, unsigned index) {
    if (!handle) {
      const Return result = session.api.device_by_index(index, &handle);
      if (result != Return::success) {
        handle = nullptr;
        return {session.api, result};
      }
    }
    return {session.api, handle, session.driver_version};
  }
  GpuIdentity identity(nvml::GpuQuery& gpu) {
    GpuIdentity identity = gpu.identity();
    if (!inforom_valid) inforom_valid = gpu.inforom_valid();
    identity.inforom_valid = *inforom_valid;
    keep_known(identity, known);
    known = identity;
    return identity;
  }
};

std::unique_ptr<NvmlClient> NvmlClient::open(const std::string& path, std::string& why_not,
                                             const std::string& simulated_state) {
  auto library = Library::open(path, why_not);
  if (library == nullptr) return nullptr;
  auto session = std::make_unique<Session>(std::move(library));
  const nvml::Api& api = session->api;
  if (!api.init.exists() || !api.device_count.exists() || !api.device_by_index.exists()) {
    why_not = path + " is not an NVML library: it lacks nvmlInit_v2 or the calls that list devices";
    return nullptr;
  }
  const nvml::Function<decltype(nvml::assay_simulated_attach)> attach(api.library, "assay_simulated_attach");
  if (attach.exists()) {
    const Return attached = attach(simulated_state.empty() ? nullptr : simulated_state.c_str());
    if (attached != Return::success) {
      why_not = path + ": cannot show the simulated node " + simulated_state + ": " + nvml::word(attached);
      return nullptr;
    }
  } else if (!simulated_state.empty()) {
    why_not = path + " is not the simulator's NVML library: it cannot show " + simulated_state;
    return nullptr;
  }
  const Return initialised = api.init();
  if (initialised != Return::success) {
    why_not = path + ": nvmlInit_v2: " + nvml::word(initialised);
    return nullptr;
  }
  std::unique_ptr<NvmlClient> client(new NvmlClient(std::move(session)));
  unsigned count = 0;
  const Return counted = client->session_->api.device_count(&count);
  if (counted != Return::success) {
    why_not = path + ": nvmlDeviceGetCount_v2: " + nvml::word(counted);
    return nullptr;
  }
  client->gpus_.resize(count);
  return client;
}

NvmlClient::NvmlClient(std::unique_ptr<Session> session) : session_(std::move(session)) {
  session_->driver_version = driver_version().value.value_or("");
}

NvmlClient::~NvmlClient() {
  session_->api.shutdown();
}

bool NvmlClient::simulated() const {
  return session_->library->is_stand_in();
}

int NvmlClient::device_count() const {
  return static_cast<int>(gpus_.size());
}

Text NvmlClient::driver_version() const {
  return session_->text(session_->api.driver_version);
}
Text NvmlClient::nvml_version() const {
  return session_->text(session_->api.nvml_version);
}

Integer NvmlClient::cuda_driver_version() const {
  int version = 0;
  const Return result = session_->api.cuda_driver_version(&version);
  return nvml::integer(result, version);
}

Integer NvmlClient::confidential_compute() const {
  nvml::ConfComputeState state{};
  const Return result = session_->api.conf_compute_state(&state);
  return nvml::integer(result, state.feature);
}

GpuIdentity NvmlClient::identity(int gpu) {
  nvml::GpuQuery query = gpus_.at(gpu).query(*session_, static_cast<unsigned>(gpu));
  return gpus_[gpu].identity(query);
}

Integer NvmlClient::margin(int gpu) {
  return gpus_.at(gpu).query(*session_, static_cast<unsigned>(gpu)).margin();
}

GpuSample NvmlClient::sample(int gpu, Nanoseconds now) {
  return gpus_.at(gpu).query(*session_, static_cast<unsigned>(gpu)).sample(now);
}

GpuState NvmlClient::state(int gpu) {
  return gpus_.at(gpu).query(*session_, static_cast<unsigned>(gpu)).state();
}

GpuReadings NvmlClient::readings(int gpu) {
  nvml::GpuQuery query = gpus_.at(gpu).query(*session_, static_cast<unsigned>(gpu));
  GpuReadings readings;
  readings.identity = gpus_[gpu].identity(query);
  readings.state = query.state();
  readings.lost = query.lost();
  return readings;
}

NodeReadings NvmlClient::node(Nanoseconds now) {
  NodeReadings node;
  node.time = now;
  node.simulated = simulated();
  node.driver_version = driver_version();
  node.nvml_version = nvml_version();
  node.cuda_driver_version = cuda_driver_version();
  node.confidential_compute = confidential_compute();
  for (int gpu = 0; gpu < device_count(); ++gpu) node.gpus.push_back(readings(gpu));
  return node;
}

}  // namespace assay
