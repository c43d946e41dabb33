#include "harness/model/missing_reading.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "harness/model/finding_codes.h"

namespace assay {
namespace {

// NVML's return codes (nvml.h, nvmlReturn_t), by the words of node/nvml_result.cpp, and reasons of our own.
constexpr std::array<MissingMeaning, 28> kMeanings{{
    {kLogMissing, "the kernel's log could not be read, or lines of it were lost",
     "内核日志无法读取，或有日志行丢失", codes::kernel_log, false},
    {"gpu_lost", "the GPU has fallen off the bus, or is not accessible any more", "GPU 已掉卡，或不再可访问",
     codes::device_lost, true},
    {"gpu_not_found", "the GPU is not found any more", "找不到该 GPU", codes::device_lost, true},
    {"reset_required", "the GPU must be reset before it can be used", "GPU 必须复位后才能使用",
     codes::needs_reset, true},
    {"corrupted_inforom", "the GPU's InfoROM is corrupt", "GPU 的 InfoROM 已损坏", codes::inforom_corrupt,
     true},
    {"insufficient_power", "the GPU's external power is not connected properly", "GPU 的外部供电连接不正确",
     codes::power_cables, true},
    {"place_unknown", "a GPU answers of which nobody can tell in which slot it is",
     "有 GPU 响应，但无法确定其所在槽位", codes::place_unknown, true},
    {"timeout", "the driver did not answer in time", "驱动未在限定时间内响应", codes::telemetry_hung, true},
    {"no_permission", "this user may not read it", "当前用户无权读取", codes::no_permission, false},
    {"not_supported", "this driver does not give it for this GPU", "当前驱动不为该 GPU 提供此数据",
     codes::driver_lacks, false},
    {"function_not_found", "this driver does not have the question", "当前驱动没有此查询接口",
     codes::driver_lacks, false},
    {"argument_version_mismatch", "this driver does not know this form of the question",
     "当前驱动不支持此版本的查询接口", codes::driver_lacks, false},
    {"deprecated", "this driver no longer answers the question", "当前驱动已不再支持此查询",
     codes::driver_lacks, false},
    {"vgpu_ecc_not_supported", "a virtual GPU does not give it", "虚拟 GPU 不提供此数据", codes::driver_lacks,
     false},
    {"frequency_not_supported", "this driver does not give it for this GPU", "当前驱动不为该 GPU 提供此数据",
     codes::driver_lacks, false},
    {"reset_type_not_supported", "this driver does not give it for this GPU", "当前驱动不为该 GPU 提供此数据",
     codes::driver_lacks, false},
    {"driver_not_loaded", "the driver is not loaded", "驱动未加载", codes::reading_failed, false},
    {"library_driver_mismatch", "the library is of another version than the loaded driver",
     "管理库（NVML）与已加载的驱动版本不一致", codes::reading_failed, false},
    {"irq_issue", "the driver has lost the GPU's interrupts", "驱动收不到该 GPU 的中断",
     codes::reading_failed, false},
    {"operating_system", "the operating system or its control groups do not let the driver answer",
     "操作系统或 cgroup 限制使驱动无法响应", codes::reading_failed, false},
    {"in_use", "the GPU is in use", "GPU 正被占用", codes::reading_failed, false},
    {"out_of_memory", "memory ran out", "内存不足", codes::reading_failed, false},
    {"no_data", "the driver has no data", "驱动没有数据", codes::reading_failed, false},
    {"insufficient_resources", "the driver lacks the resources", "驱动资源不足", codes::reading_failed,
     false},
    {"not_ready", "the GPU is not ready", "GPU 尚未就绪", codes::reading_failed, false},
    {"invalid_state", "the GPU is not in a state to tell", "GPU 当前状态无法提供此数据",
     codes::reading_failed, false},
    {"unknown_error", "the driver gives an error that it does not know itself", "驱动返回未知错误",
     codes::reading_failed, false},
    {"", "it could not be read", "无法读取", codes::reading_failed, false},
}};

}  // namespace

const MissingMeaning& meaning_of_missing(std::string_view why) {
  const auto found = std::find_if(kMeanings.begin(), kMeanings.end(),
                                  [&](const MissingMeaning& meaning) { return meaning.why == why; });
  return found == kMeanings.end() ? kMeanings.back() : *found;
}

void to_json(nlohmann::json& j, const MissingReading& reading) {
  j = {{"part", reading.part}, {"measurement", reading.measurement}, {"why", reading.why}};
}

void from_json(const nlohmann::json& j, MissingReading& reading) {
  j.at("part").get_to(reading.part);
  j.at("measurement").get_to(reading.measurement);
  j.at("why").get_to(reading.why);
}

}  // namespace assay
