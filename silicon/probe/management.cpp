// Every question that NVML's header as we know it allows, with the answer, the return code and the time it
// took. What tells one card from another (serial, UUID, board id) is masked.
#include <dlfcn.h>

#include <cstring>

#include "harness/node/nvml_client.h"
#include "harness/node/nvml_functions.h"
#include "harness/node/nvml_result.h"
#include "silicon/probe/parts.h"

namespace assay::silicon {
namespace {

using nlohmann::json;
using namespace nvml;

/// Digits become 9 and letters x or X: the shape stays.
std::string masked(std::string text) {
  for (char& c : text) {
    if (c >= '0' && c <= '9') c = '9';
    if (c >= 'a' && c <= 'f') c = 'x';
    if (c >= 'A' && c <= 'F') c = 'X';
  }
  return text;
}

class Asker {
 public:
  Asker(void* library, Device device) : library_(library), device_(device) {}

  template <typename F, typename... A>
  Return ask(const char* symbol, F*, json& answer, A... arguments) {
    auto* const function = reinterpret_cast<F*>(dlsym(library_, symbol));
    if (function == nullptr) {
      answer["result"] = "no such symbol";
      return Return::function_not_found;
    }
    std::vector<double> times;
    Return result = Return::unknown;
    for (int i = 0; i < 5; ++i) {
      const double start = now_s();
      result = function(arguments...);
      times.push_back((now_s() - start) * 1e6);
    }
    answer["result"] = word(result);
    answer["first_us"] = times[0];
    answer["us"] = spread(times)["median"];
    return result;
  }

  void number(const char* symbol, Return (*f)(Device, unsigned*)) {
    json answer;
    unsigned value = 0;
    const Return r = ask(symbol, f, answer, device_, &value);
    finish(symbol, answer, r, json(value));
  }
  void number(const char* symbol, Return (*f)(Device, unsigned long long*)) {
    json answer;
    unsigned long long value = 0;
    const Return r = ask(symbol, f, answer, device_, &value);
    finish(symbol, answer, r, json(value));
  }
  void pair(const char* symbol, Return (*f)(Device, unsigned*, unsigned*)) {
    json answer;
    unsigned a = 0, b = 0;
    const Return r = ask(symbol, f, answer, device_, &a, &b);
    finish(symbol, answer, r, json::array({a, b}));
  }
  void signed_pair(const char* symbol, Return (*f)(Device, int*, int*)) {
    json answer;
    int a = 0, b = 0;
    const Return r = ask(symbol, f, answer, device_, &a, &b);
    finish(symbol, answer, r, json::array({a, b}));
  }
  void by(const char* symbol, Return (*f)(Device, unsigned, unsigned*), unsigned least, unsigned most) {
    for (unsigned i = least; i <= most; ++i) {
      json answer{{"argument", i}};
      unsigned value = 0;
      const Return r = ask(symbol, f, answer, device_, i, &value);
      finish(symbol, answer, r, json(value));
    }
  }
  void by_two(const char* symbol, Return (*f)(Device, unsigned, unsigned, unsigned*), unsigned first,
              unsigned second) {
    for (unsigned i = 0; i <= first; ++i) {
      for (unsigned k = 0; k <= second; ++k) {
        json answer{{"argument", json::array({i, k})}};
        unsigned value = 0;
        const Return r = ask(symbol, f, answer, device_, i, k, &value);
        finish(symbol, answer, r, json(value));
      }
    }
  }
  void text(const char* symbol, Return (*f)(Device, char*, unsigned)) { text(symbol, f, false); }
  void secret(const char* symbol, Return (*f)(Device, char*, unsigned)) { text(symbol, f, true); }
  void text(const char* symbol, Return (*f)(Device, char*, unsigned), bool secret) {
    json answer;
    char value[96] = {};
    const Return r = ask(symbol, f, answer, device_, value, 96u);
    finish(symbol, answer, r, json(secret ? masked(value) : std::string(value)));
  }
  /// The driver reads the whole InfoROM for it: how long that takes decides where in a run it may be asked.
  void inforom() {
    constexpr const char* kSymbol = "nvmlDeviceValidateInforom";
    json answer;
    auto* const validate = reinterpret_cast<decltype(&nvmlDeviceValidateInforom)>(dlsym(library_, kSymbol));
    if (validate == nullptr) return finish(kSymbol, answer, Return::function_not_found, nullptr);
    const double start = now_s();
    const Return result = validate(device_);
    answer["first_us"] = (now_s() - start) * 1e6;
    answer["result"] = word(result);
    finish(kSymbol, answer, result, 1);
  }
  static void finish(const char* symbol, json& answer, Return result, json value) {
    answer["function"] = symbol;
    if (result == Return::success) answer["value"] = std::move(value);
    say(answer);
  }

  Device device() const { return device_; }

 private:
  void* library_;
  Device device_;
};

json value_of(const FieldValue& v) {
  switch (v.value_type) {
    case kDouble:
      return v.value.d;
    case kUnsignedInt:
      return v.value.ui;
    case kUnsignedLong:
      return v.value.ul;
    case kUnsignedLongLong:
      return v.value.ull;
    case kSignedLongLong:
      return v.value.sll;
    case kSignedInt:
      return v.value.si;
    case kUnsignedShort:
      return v.value.us;
  }
  return nullptr;
}

constexpr unsigned kMostFields = 300;

void fields(void* library, Device device) {
  auto* const get =
      reinterpret_cast<decltype(&nvmlDeviceGetFieldValues)>(dlsym(library, "nvmlDeviceGetFieldValues"));
  if (get == nullptr) return;
  for (unsigned id = 1; id <= kMostFields; ++id) {
    for (const unsigned scope : {0u, 1u}) {
      FieldValue v{};
      v.field_id = id;
      v.scope_id = scope;
      const double start = now_s();
      const Return call = get(device, 1, &v);
      const double us = (now_s() - start) * 1e6;
      const bool answered = call == Return::success && v.result == Return::success;
      if (scope == 1 && !answered) continue;
      json line{{"field", id},
                {"scope", scope},
                {"call", word(call)},
                {"result", word(v.result)},
                {"type", static_cast<int>(v.value_type)},
                {"us", us}};
      if (answered) {
        line["value"] = value_of(v);
        line["latency_us"] = v.latency_us;
      }
      say(line);
    }
  }
}

void ask_all(Asker& asker) {
#define ASK(kind, symbol) asker.kind(#symbol, static_cast<decltype(&(symbol))>(nullptr))
#define ASK_BY(symbol, least, most) asker.by(#symbol, static_cast<decltype(&(symbol))>(nullptr), least, most)
  ASK(number, nvmlDeviceGetMinorNumber);
  ASK(number, nvmlDeviceGetNumGpuCores);
  ASK(number, nvmlDeviceGetPersistenceMode);
  ASK(number, nvmlDeviceGetComputeMode);
  ASK(number, nvmlDeviceGetMaxMigDeviceCount);
  ASK(number, nvmlDeviceGetDefaultEccMode);
  ASK(number, nvmlDeviceGetDisplayMode);
  ASK(number, nvmlDeviceGetDisplayActive);
  ASK(number, nvmlDeviceGetVirtualizationMode);
  ASK(number, nvmlDeviceGetMemoryBusWidth);
  ASK(number, nvmlDeviceGetRetiredPagesPendingStatus);
  ASK(number, nvmlDeviceGetPerformanceState);
  ASK(number, nvmlDeviceGetPowerState);
  ASK(number, nvmlDeviceGetPowerManagementMode);
  ASK(number, nvmlDeviceGetPowerUsage);
  ASK(number, nvmlDeviceGetEnforcedPowerLimit);
  ASK(number, nvmlDeviceGetPowerManagementLimit);
  ASK(number, nvmlDeviceGetPowerManagementDefaultLimit);
  ASK(number, nvmlDeviceGetNumFans);
  ASK(number, nvmlDeviceGetFanSpeed);
  ASK(number, nvmlDeviceGetCurrPcieLinkGeneration);
  ASK(number, nvmlDeviceGetCurrPcieLinkWidth);
  ASK(number, nvmlDeviceGetMaxPcieLinkGeneration);
  ASK(number, nvmlDeviceGetGpuMaxPcieLinkGeneration);
  ASK(number, nvmlDeviceGetMaxPcieLinkWidth);
  ASK(number, nvmlDeviceGetPcieReplayCounter);
  ASK(number, nvmlDeviceGetModuleId);
  ASK(number, nvmlDeviceGetNumaNodeId);
  ASK(number, nvmlDeviceGetBrand);
  ASK(number, nvmlDeviceGetArchitecture);
  ASK(number, nvmlDeviceGetMultiGpuBoard);
  ASK(number, nvmlDeviceGetIndex);
  ASK(number, nvmlDeviceGetCurrentClocksEventReasons);
  ASK(number, nvmlDeviceGetCurrentClocksThrottleReasons);
  ASK(number, nvmlDeviceGetSupportedClocksEventReasons);
  ASK(number, nvmlDeviceGetSupportedClocksThrottleReasons);
  ASK(number, nvmlDeviceGetTotalEnergyConsumption);
  ASK(number, nvmlDeviceGetSupportedEventTypes);
  ASK(pair, nvmlDeviceGetMigMode);
  ASK(pair, nvmlDeviceGetEccMode);
  ASK(pair, nvmlDeviceGetGspFirmwareMode);
  ASK(pair, nvmlDeviceGetPowerManagementLimitConstraints);
  ASK(pair, nvmlDeviceGetEncoderUtilization);
  ASK(pair, nvmlDeviceGetDecoderUtilization);
  ASK(pair, nvmlDeviceGetJpgUtilization);
  ASK(pair, nvmlDeviceGetOfaUtilization);
  ASK(signed_pair, nvmlDeviceGetCudaComputeCapability);
  ASK(text, nvmlDeviceGetName);
  ASK(text, nvmlDeviceGetBoardPartNumber);
  ASK(text, nvmlDeviceGetVbiosVersion);
  ASK(text, nvmlDeviceGetInforomImageVersion);
  ASK(secret, nvmlDeviceGetUUID);
  ASK(secret, nvmlDeviceGetSerial);
  ASK_BY(nvmlDeviceGetClockInfo, 0, 3);
  ASK_BY(nvmlDeviceGetMaxClockInfo, 0, 3);
  ASK_BY(nvmlDeviceGetMaxCustomerBoostClock, 0, 3);
  ASK_BY(nvmlDeviceGetTemperatureThreshold, 0, 7);
  ASK_BY(nvmlDeviceGetTemperature, 0, 0);
  ASK_BY(nvmlDeviceGetPcieThroughput, 0, 1);
  ASK_BY(nvmlDeviceGetNvLinkState, 0, 17);
  ASK_BY(nvmlDeviceGetNvLinkVersion, 0, 17);
  ASK_BY(nvmlDeviceGetNvLinkRemoteDeviceType, 0, 17);
  ASK_BY(nvmlDeviceGetFanSpeed_v2, 0, 0);
  asker.by_two("nvmlDeviceGetClock", static_cast<decltype(&nvmlDeviceGetClock)>(nullptr), 3, 3);
#undef ASK
#undef ASK_BY
  for (unsigned error = 0; error <= 1; ++error) {
    for (unsigned counter = 0; counter <= 1; ++counter) {
      for (unsigned location = 0; location <= 8; ++location) {
        json answer{{"argument", json::array({error, counter, location})}};
        unsigned long long count = 0;
        const Return r = asker.ask("nvmlDeviceGetMemoryErrorCounter",
                                   static_cast<decltype(&nvmlDeviceGetMemoryErrorCounter)>(nullptr), answer,
                                   asker.device(), error, counter, location, &count);
        Asker::finish("nvmlDeviceGetMemoryErrorCounter", answer, r, count);
      }
    }
  }
#define ASK_STRUCTURE(symbol, Type, version_number, ...)                                           \
  {                                                                                                \
    json answer;                                                                                   \
    Type v{};                                                                                      \
    version_number;                                                                                \
    const Return r =                                                                               \
        asker.ask(#symbol, static_cast<decltype(&(symbol))>(nullptr), answer, asker.device(), &v); \
    Asker::finish(#symbol, answer, r, json{__VA_ARGS__});                                          \
  }
  ASK_STRUCTURE(nvmlDeviceGetMemoryInfo, Memory, (void)0, {"total", v.total}, {"free", v.free},
                {"used", v.used})
  ASK_STRUCTURE(nvmlDeviceGetMemoryInfo_v2, MemoryV2, v.version = versioned(sizeof(v), 2), {"total", v.total},
                {"reserved", v.reserved}, {"free", v.free}, {"used", v.used})
  ASK_STRUCTURE(nvmlDeviceGetBAR1MemoryInfo, Bar1Memory, (void)0, {"total", v.total}, {"free", v.free},
                {"used", v.used})
  ASK_STRUCTURE(nvmlDeviceGetUtilizationRates, Utilization, (void)0, {"gpu", v.gpu}, {"memory", v.memory})
  ASK_STRUCTURE(nvmlDeviceGetTemperatureV, Temperature, v.version = versioned(sizeof(v), 1), {"c", v.celsius})
  ASK_STRUCTURE(nvmlDeviceGetMarginTemperature, MarginTemperature, v.version = versioned(sizeof(v), 1),
                {"margin_c", v.margin_c})
  ASK_STRUCTURE(nvmlDeviceGetRowRemapperHistogram, RowRemapperHistogram, (void)0, {"max", v.max},
                {"high", v.high}, {"partial", v.partial}, {"low", v.low}, {"none", v.none})
  ASK_STRUCTURE(nvmlDeviceGetSramEccErrorStatus, SramEccErrorStatus, v.version = versioned(sizeof(v), 1),
                {"aggregate_uncorrected_parity", v.aggregate_uncorrected_parity},
                {"aggregate_uncorrected_sec_ded", v.aggregate_uncorrected_sec_ded},
                {"aggregate_corrected", v.aggregate_corrected},
                {"aggregate_uncorrected_l2", v.aggregate_uncorrected_l2},
                {"aggregate_uncorrected_sm", v.aggregate_uncorrected_sm},
                {"aggregate_uncorrected_pcie", v.aggregate_uncorrected_pcie},
                {"aggregate_uncorrected_mcu", v.aggregate_uncorrected_mcu},
                {"aggregate_uncorrected_other", v.aggregate_uncorrected_other},
                {"threshold_exceeded", v.threshold_exceeded})
  ASK_STRUCTURE(nvmlDeviceGetGpuFabricInfoV, FabricInfoV3, v.version = kFabricInfoV3, {"state", v.state},
                {"status", word(v.status)}, {"health_mask", v.health_mask},
                {"health_summary", v.health_summary})
  ASK_STRUCTURE(nvmlDeviceGetRepairStatus, RepairStatus, v.version = versioned(sizeof(v), 1),
                {"channel_repair_pending", v.channel_repair_pending},
                {"tpc_repair_pending", v.tpc_repair_pending})
#undef ASK_STRUCTURE
  asker.inforom();
  {
    json answer;
    char version[kGspFirmwareVersionLength] = {};
    const Return r = asker.ask("nvmlDeviceGetGspFirmwareVersion",
                               static_cast<decltype(&nvmlDeviceGetGspFirmwareVersion)>(nullptr), answer,
                               asker.device(), version);
    Asker::finish("nvmlDeviceGetGspFirmwareVersion", answer, r, std::string(version));
  }
  {
    json answer;
    ConfComputeState v{};
    const Return r = asker.ask("nvmlSystemGetConfComputeState",
                               static_cast<decltype(&nvmlSystemGetConfComputeState)>(nullptr), answer, &v);
    Asker::finish("nvmlSystemGetConfComputeState", answer, r, json(v.feature));
  }
  {
    json answer;
    unsigned corrected = 0, uncorrected = 0, pending = 0, failure = 0;
    const Return r =
        asker.ask("nvmlDeviceGetRemappedRows", static_cast<decltype(&nvmlDeviceGetRemappedRows)>(nullptr),
                  answer, asker.device(), &corrected, &uncorrected, &pending, &failure);
    Asker::finish("nvmlDeviceGetRemappedRows", answer, r,
                  json::array({corrected, uncorrected, pending, failure}));
  }
}

}  // namespace

void management(const Arguments&) {
  std::string why_not;
  const double start = now_s();
  const auto client = NvmlClient::open(kNvmlLibrary, why_not);
  if (client == nullptr) throw std::runtime_error(why_not);
  say({{"open_s", now_s() - start}, {"devices", client->device_count()}});
  // As the harness reads them: what is missing there is a question to mend.
  {
    json readings;
    const double begin = now_s();
    to_json(readings, client->node(0));
    for (json& gpu : readings["gpus"]) {
      for (const char* secret : {"serial", "uuid"}) {
        json& of = gpu["identity"][secret];
        if (of.is_string()) of = masked(of.get<std::string>());
        if (of.is_object() && of.contains("value") && of["value"].is_string())
          of["value"] = masked(of["value"].get<std::string>());
      }
    }
    say({{"readings", readings}, {"s", now_s() - begin}});
    std::vector<double> sample_ms, state_ms;
    for (int i = 0; i < 50; ++i) {
      double t = now_s();
      client->sample(0, 0);
      sample_ms.push_back((now_s() - t) * 1e3);
      t = now_s();
      if (i % 5 == 0) {
        client->state(0);
        state_ms.push_back((now_s() - t) * 1e3);
      }
    }
    say({{"sample_ms", spread(sample_ms)}, {"state_ms", spread(state_ms)}});
  }
  void* const library = dlopen(kNvmlLibrary, RTLD_NOW);
  if (library == nullptr) return;
  Device device = nullptr;
  auto* const handle = reinterpret_cast<decltype(&nvmlDeviceGetHandleByIndex_v2)>(
      dlsym(library, "nvmlDeviceGetHandleByIndex_v2"));
  if (handle == nullptr || handle(0, &device) != Return::success) return;
  Asker asker(library, device);
  fields(library, device);
  ask_all(asker);
}

}  // namespace assay::silicon
