// Event sets: what the node's state and its kernel log have shown since a GPU was registered.
#include <charconv>
#include <chrono>
#include <deque>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "harness/node_sim/nvml_library/call.h"
#include "harness/node_sim/nvml_library/pci.h"

namespace assay::nvml {
namespace {

/// What an H200's driver names (580.159). Of these there are events of single_bit_ecc, double_bit_ecc, xid
/// and recovery_action here.
constexpr unsigned long long kSupported = 0xff9f;
constexpr unsigned kNoInstance = 0xffffffff;
constexpr auto kPoll = std::chrono::milliseconds(20);

struct Watched {
  Device device;
  unsigned long long types;
  std::int64_t corrected, uncorrected;
  std::int32_t recovery_action;
};

struct Xid {
  PciAddress address;
  unsigned number;
};

/// Of "NVRM: Xid (PCI:0000:9b:00): 79, ...".
std::optional<Xid> xid_in(std::string_view line) {
  constexpr std::string_view kBegin = "Xid (PCI:", kEnd = "): ";
  const std::size_t begin = line.find(kBegin);
  const std::size_t end = line.find(kEnd, begin);
  if (begin == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
  const auto address = parse_pci(line.substr(begin + kBegin.size(), end - begin - kBegin.size()));
  const std::string_view digits = line.substr(end + kEnd.size());
  unsigned number = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (!address || read.ec != std::errc()) return std::nullopt;
  return Xid{*address, number};
}

/// Xids of the kernel log from where it ended when the set was made.
class XidReader {
 public:
  explicit XidReader(std::string path) : path_(std::move(path)) {
    std::ifstream log(path_, std::ios::ate);
    if (log) position_ = log.tellg();
  }

  std::vector<Xid> read_new() {
    std::vector<Xid> found;
    std::ifstream log(path_);
    if (!log.seekg(position_)) return found;
    for (std::string line; std::getline(log, line) && !log.eof(); position_ = log.tellg()) {
      if (const auto xid = xid_in(line)) found.push_back(*xid);
    }
    return found;
  }

 private:
  std::string path_;
  std::streamoff position_ = 0;
};

}  // namespace

struct EventSetObject {
  explicit EventSetObject(std::string kernel_log) : xids(std::move(kernel_log)) {}
  XidReader xids;
  std::vector<Watched> watched;
  std::deque<EventData> pending;
};

namespace {

std::mutex sets_mutex;

/// The sets that exist; guarded by sets_mutex. A set in use by a waiting thread outlives its
/// nvmlEventSetFree.
std::set<std::shared_ptr<EventSetObject>>& sets() {
  static std::set<std::shared_ptr<EventSetObject>> all;
  return all;
}

std::shared_ptr<EventSetObject> find(EventSet set) {
  const std::lock_guard lock(sets_mutex);
  for (const auto& known : sets()) {
    if (known.get() == set) return known;
  }
  return nullptr;
}

void add(EventSetObject& set, const Watched& watched, unsigned long long type, unsigned long long data = 0) {
  if (watched.types & type) set.pending.push_back({watched.device, type, data, kNoInstance, kNoInstance});
}

/// Adds to `pending` what has happened since the last look. Caller holds the node's lock.
void look(EventSetObject& set, const sim::State& state) {
  const auto xids = set.xids.read_new();
  for (Watched& watched : set.watched) {
    const sim::GpuDynamic& now = state.dynamic[watched.device->gpu];
    if (now.ecc_corrected_dram > watched.corrected) add(set, watched, event_type::single_bit_ecc);
    if (now.ecc_uncorrected_dram > watched.uncorrected) add(set, watched, event_type::double_bit_ecc);
    if (now.recovery_action != watched.recovery_action) add(set, watched, event_type::recovery_action);
    watched.corrected = now.ecc_corrected_dram;
    watched.uncorrected = now.ecc_uncorrected_dram;
    watched.recovery_action = now.recovery_action;
    const auto place = parse_pci(state.constants[watched.device->gpu].pci_address);
    for (const auto& xid : xids) {
      const bool here = place && place->domain == xid.address.domain && place->bus == xid.address.bus;
      if (here) add(set, watched, event_type::xid, xid.number);
    }
  }
}

}  // namespace

Return nvmlEventSetCreate(EventSet* set) {
  const auto shared = Session::instance().state();
  if (!shared) return Return::uninitialized;
  if (!set) return Return::invalid_argument;
  auto made = std::make_shared<EventSetObject>(std::string(fixed_text((*shared)->kernel_log_path)));
  *set = made.get();
  const std::lock_guard lock(sets_mutex);
  sets().insert(std::move(made));
  return Return::success;
}

Return nvmlEventSetFree(EventSet set) {
  if (!Session::instance().state()) return Return::uninitialized;
  const auto found = find(set);
  if (!found) return Return::invalid_argument;
  const std::lock_guard lock(sets_mutex);
  sets().erase(found);
  return Return::success;
}

Return nvmlDeviceGetSupportedEventTypes(Device device, unsigned long long* types) {
  return answer_constant(device, types, kSupported);
}

Return nvmlDeviceRegisterEvents(Device device, unsigned long long types, EventSet set) {
  const auto found = find(set);
  return with_gpu(device, found != nullptr, [&](const GpuView& gpu) {
    if (types & ~kSupported) return Return::not_supported;
    found->watched.push_back({device, types, gpu.dynamic.ecc_corrected_dram, gpu.dynamic.ecc_uncorrected_dram,
                              gpu.dynamic.recovery_action});
    return Return::success;
  });
}

Return nvmlEventSetWait(EventSet set, EventData* data, unsigned timeout_ms) {
  return nvmlEventSetWait_v2(set, data, timeout_ms);
}

/// Waits in real time, also on a simulated node: the caller takes no part in its clock.
Return nvmlEventSetWait_v2(EventSet set, EventData* data, unsigned timeout_ms) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  const auto found = find(set);
  for (;;) {
    const auto shared = Session::instance().state();
    if (!shared) return Return::uninitialized;
    if (!found || !data) return Return::invalid_argument;
    {
      sim::State& state = **shared;
      const sim::Lock lock(state.mutex);
      if (found->pending.empty()) look(*found, state);
      if (!found->pending.empty()) {
        *data = found->pending.front();
        found->pending.pop_front();
        return Return::success;
      }
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= deadline) return Return::timeout;
    std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(kPoll, deadline - now));
  }
}

}  // namespace assay::nvml
