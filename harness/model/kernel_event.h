// What the kernel's log says of the node's parts, one event a line or a few lines that belong together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "harness/model/phrase.h"

namespace assay {

/// The kernel's TASK_COMM_LEN, less its end.
inline constexpr std::size_t kLongestProcessName = 15;

struct KernelEvent {
  enum class Kind {
    xid,
    fallen_off_bus,
    nvswitch,       // SXid
    driver,         // an assertion of the GPU driver's that failed; which GPU it means, its line does not say
    pcie,           // advanced error reporting (AER)
    machine_check,  // by the processor, or by firmware in its place
    host_memory,    // EDAC
    out_of_memory,  // the kernel ended a process to get memory
    host_device,    // a network card or a drive failed, by its driver
    stall,          // a processor did nothing else for many seconds
  };
  enum class Severity { unstated, corrected, non_fatal, fatal };
  /// What it says of its part; of one that nobody has looked up yet, nothing (kernel_log/meaning.h).
  enum class Meaning {
    none,            // by itself, nothing
    somebody_elses,  // what an application did that is none of ours
    counts,          // nothing that a healthy part logs under our kernels
    fatal,           // whatever the application did
    lost,
  };
  Kind kind = Kind::xid;
  int number = 0;            // Xid, SXid, or the driver's status code; 0 for the others
  std::string pci_address;   // "0000:9b:00.0"; a function that the line leaves out is 0; empty where none
  std::string line;          // as logged, without the logger's own prefix
  std::int64_t pid = 0;      // whose work the driver says it was, or who was ended; 0 where it does not say
  std::string process;       // its name, at most kLongestProcessName characters; empty likewise
  std::int64_t time_us = 0;  // the kernel's clock since boot; 0 in a log that does not tell
  std::string logged_at;     // the time in front of the line, as a text log has it; else empty
  int nvswitch = -1;         // which NVSwitch the line names
  int link = -1;             // of the GPU (Xid 74) or of the NVSwitch, where the line names it
  Severity severity = Severity::unstated;  // the line's own word
  bool continues = false;     // further words on an event that has a line of its own: not one more event
  int recovery_action = -1;   // Xid 154: what the driver asks for now, as NVML counts; -1: not said
  std::int64_t position = 0;  // of the log, behind the line (KernelLog::position)
  std::int64_t more = 0;      // further events of its kind that were only counted (event_digest.h)
  Meaning meaning = Meaning::none;
  Phrase explained;  // number, meaning, link, what its maker would have done, the line
};

/// It says that its part is at fault.
bool is_fault(const KernelEvent& event);

void to_json(nlohmann::json& j, const KernelEvent& event);
void from_json(const nlohmann::json& j, KernelEvent& event);

}  // namespace assay
