// What the driver says, or does not: lines of the kernel's log, answers of the management library.
#include <unistd.h>

#include <string>
#include <vector>

#include "harness/node/nvml_abi.h"
#include "harness/node/nvml_result.h"
#include "harness/node_sim/faults/fault_kind.h"
#include "harness/node_sim/sim_kernel_log.h"

namespace assay::sim {
namespace {

using config::FaultParameter;

const RegisteredFault xid{{"xid",
                           "the driver logs an Xid when work starts on the GPU",
                           "gpu",
                           {{"number", "the Xid", Unit::count, 1, 199, 31},
                            {"lines", "how often, at once", Unit::count, 1, 100000, 1}}},
                          {.at_launch = [](const Launch& launch) {
                            if (launch.number != 0) return;
                            for (std::int64_t line = 0; line < launch.whole("lines"); ++line)
                              log_xid(launch.state, launch.gpu, static_cast<int>(launch.whole("number")),
                                      true, "planted");
                          }}};

/// The line with the GPU's address for {pci}, as the driver writes it, and the worker's process id for {pid}.
std::string filled(std::string line, const State& state, int gpu) {
  const auto put = [&](const std::string& placeholder, const std::string& value) {
    for (std::size_t at = line.find(placeholder); at != std::string::npos; at = line.find(placeholder, at))
      line.replace(at, placeholder.size(), value);
  };
  put("{pci}", driver_address(state, gpu));
  put("{pid}", std::to_string(getpid()));
  return line;
}

const RegisteredFault kernel_line{
    {"kernel_line",
     "a line of the kernel's log, when work starts on the GPU",
     "gpu",
     {FaultParameter{.name = "line",
                     .meaning = "as it stands there; {pci} is the GPU's address, {pid} the worker's process",
                     .unit = Unit::text,
                     .fallback_text = "NVRM: Xid (PCI:{pci}): 31, pid={pid}, name=assay, MMU Fault"},
      FaultParameter{
          .name = "step",
          .meaning = "the check in whose steps it is logged, as memory.sweep; any, where nothing is said",
          .unit = Unit::text},
      {"lines", "how often, at once", Unit::count, 1, 100000, 1},
      {"launch", "at which launch of a worker, from 0", Unit::count, 0, 1000, 0},
      {"before_run", "1: it was logged before the run began, and not since", Unit::count, 0, 1, 0}}},
    {.at_start =
         [](const Planting& planting) {
           if (planting.whole("before_run") == 0) return;
           const std::string line =
               filled(std::string(fault_text(planting.fault, "line")), planting.state, planting.gpu);
           for (std::int64_t i = 0; i < planting.whole("lines"); ++i) log_line(planting.state, line);
         },
     .at_launch =
         [](const Launch& launch) {
           if (launch.whole("before_run") != 0) return;
           if (static_cast<std::int64_t>(launch.number) != launch.whole("launch")) return;
           const std::string_view step = fault_text(launch.fault, "step");
           if (!step.empty() && step != launch.check) return;
           {
             const Lock lock(launch.state.mutex);
             ++launch.fault.calls;
           }
           const std::string line =
               filled(std::string(fault_text(launch.fault, "line")), launch.state, launch.gpu);
           for (std::int64_t i = 0; i < launch.whole("lines"); ++i) log_line(launch.state, line);
         }}};

/// Acts where the sampler is told which file is the log: simulated_backend.cpp.
const RegisteredFault kernel_log_unreadable{
    {"kernel_log_unreadable", "the kernel's log cannot be read", "node", {}}, {}};

/// Both act in the stand-in: nvml_library/planted.cpp.
const RegisteredFault nvml_hang{
    {"nvml_hang",
     "calls of the management library about the GPU never return once work has begun",
     "gpu",
     {}},
    {}};

std::vector<std::string> error_words() {
  using nvml::Return;
  std::vector<std::string> words;
  for (int code = 0; code <= static_cast<int>(Return::reset_type_not_supported); ++code)
    words.push_back(nvml::word(static_cast<Return>(code)));
  words.push_back(nvml::word(Return::unknown));
  return words;
}

std::string ends_before_it_begins(const config::Fault& fault) {
  const double from = fault.parameters.at("from"), to = fault.parameters.at("to");
  return to != 0 && to < from ? "'to' must be 0, or not less than 'from'" : "";
}

const RegisteredFault nvml_answer{
    {"nvml_answer",
     "the management library answers otherwise about the GPU",
     "gpu",
     {FaultParameter{.name = "function",
                     .meaning = "whose answer it is, as NVML names it; one number per entry of "
                                "nvmlDeviceGetFieldValues",
                     .unit = Unit::text,
                     .fallback_text = "nvmlDeviceGetCurrPcieLinkWidth"},
      {"field", "of nvmlDeviceGetFieldValues: the id of the field; 0 for the whole call", Unit::count, 0,
       nvml::kFieldCount - 1, 0},
      FaultParameter{
          .name = "error",
          .meaning = "what it returns; success: the value or the text below, where it answers by one",
          .unit = Unit::text,
          .fallback_text = "success",
          .choices = error_words()},
      FaultParameter{.name = "text", .meaning = "the text", .unit = Unit::text},
      {"value", "the number", Unit::count, -9007199254740992.0, 9007199254740992.0, 0},
      {"delay", "before it answers, in real time", Unit::seconds, 0, 600, 0},
      {"from", "the first call that is answered so, from 1", Unit::count, 1, 1000000000, 1},
      {"to", "the last; 0 for all that follow", Unit::count, 0, 1000000000, 0}},
     ends_before_it_begins},
    {}};

}  // namespace
}  // namespace assay::sim
