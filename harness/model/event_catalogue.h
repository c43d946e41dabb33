// What the numbers in the kernel's log mean, and what their makers would have done: configs/xid/.
#pragma once

#include <map>
#include <string>

namespace assay {

/// What an Xid says of its GPU.
enum class Says {
  nothing,      // by itself
  application,  // the application may have caused it
  device,       // nothing that a healthy GPU logs under known-good kernels
  fatal,        // whatever the application did
  lost,
};

enum class SxidSeverity { non_fatal, port, fabric };

/// By language: "en", "zh-CN".
using Words = std::map<std::string, std::string>;

/// In English where they have no other.
inline std::string in_words(const Words& words, const std::string& language) {
  for (const std::string& one : {language, std::string("en")}) {
    const auto found = words.find(one);
    if (found != words.end()) return found->second;
  }
  return "";
}

struct XidEntry {
  Says says = Says::device;
  Words meaning;
  std::string immediate, later;  // action words; empty where the catalogue has none
};

struct SxidEntry {
  SxidSeverity severity = SxidSeverity::non_fatal;
  bool stalls = false;  // it ends nothing, and traffic may wait for ever
  Words meaning;
  std::string immediate;
};

struct EventCatalogue {
  std::string xid_date, sxid_date;  // ISO
  std::map<int, XidEntry> xids;
  std::map<int, SxidEntry> sxids;
  std::map<std::string, Words> actions;  // by action word
};

}  // namespace assay
