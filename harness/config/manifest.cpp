#include "harness/config/manifest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <regex>

#include "harness/config/nearest.h"
#include "harness/config/reader.h"

namespace assay::config {
namespace {

/// "gpu3" of "gpu3" or "3"; nothing of what is no slot.
std::optional<Part> slot_of(const std::string& text) {
  if (text.empty()) return Part();
  for (const Part& part : {Part(text), Part("gpu" + text)}) {
    const auto slot = part.gpu_slot();
    if (slot && part == Part::gpu(*slot)) return part;
  }
  return std::nullopt;
}

/// 1753724032265 as a spreadsheet shows it that took it for a number, its last digits lost.
bool is_spoilt_by_a_spreadsheet(const std::string& serial) {
  static const std::regex number(R"(\d(\.\d+)?[eE]\+\d+)");
  return std::regex_match(serial, number);
}

constexpr const char* kSpoilt =
    "this serial is a number as a spreadsheet rounds it: give the column the format text, and enter it anew";

Manifest load_toml(const std::string& path, Diagnostics& diagnostics) {
  Manifest manifest;
  TomlFile file(path, diagnostics);
  if (!file.parsed()) return manifest;
  Table root = file.root();
  manifest.consignment = root.text("consignment");
  manifest.licence = root.optional_text("licence").value_or("");
  for (Table& table : root.tables("nodes")) {
    ManifestNode node;
    node.name = table.optional_text("name").value_or("");
    node.chassis_serial = table.optional_text("chassis_serial").value_or("");
    if (node.name.empty() && node.chassis_serial.empty())
      table.error("a node needs a 'name' or a 'chassis_serial' to be known by");
    for (Table& of_gpu : table.tables("gpus")) {
      const std::string slot_text = of_gpu.optional_text("slot").value_or("");
      const auto slot = slot_of(slot_text);
      if (!slot) of_gpu.error("slot", fmt::format("'{}' is no slot, such as gpu3", slot_text));
      const std::string serial = of_gpu.text("serial");
      if (is_spoilt_by_a_spreadsheet(serial)) of_gpu.error("serial", kSpoilt);
      node.gpus.push_back({slot.value_or(Part()), serial, of_gpu.optional_text("part_number").value_or(""),
                           of_gpu.optional_text("vbios").value_or("")});
    }
    manifest.nodes.push_back(std::move(node));
  }
  if (manifest.nodes.empty()) root.error("there are no [[nodes]] in the manifest");
  return manifest;
}

/// RFC 4180: fields in quotes may hold commas and doubled quotes; not a new line, which no serial number has.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else if (c != '\r') {
      fields.back() += c;
    }
  }
  for (std::string& field : fields) {
    field.erase(field.find_last_not_of(" \t") + 1);
    field.erase(0, std::min(field.find_first_not_of(" \t"), field.size()));
  }
  return fields;
}

const std::vector<std::string> kColumns{"consignment", "licence", "node",        "chassis_serial",
                                        "slot",        "serial",  "part_number", "vbios"};

class CsvLoader {
 public:
  CsvLoader(std::string path, Diagnostics& diagnostics) : path_(std::move(path)), diagnostics_(diagnostics) {}

  Manifest load() {
    std::ifstream file(path_);
    std::string line;
    if (!file || !std::getline(file, line)) {
      diagnostics_.add({path_, 0, 0, "there is no such file, or nothing in it"});
      return {};
    }
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // as spreadsheets write it
    if (line.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0) line.erase(0, kByteOrderMark.size());
    if (line.find(',') == std::string::npos && line.find(';') != std::string::npos) {
      error("the columns are separated by semicolons: save it with commas (CSV, comma delimited)");
      return {};
    }
    read_header(line);
    while (std::getline(file, line)) {
      ++line_;
      if (line.find_first_not_of(" \t\r,") != std::string::npos) read_gpu(fields_of(line));
    }
    if (manifest_.nodes.empty()) error("there are no GPUs in the manifest");
    return std::move(manifest_);
  }

 private:
  void error(std::string message) { diagnostics_.add({path_, line_, 1, std::move(message)}); }

  void read_header(const std::string& line) {
    const std::vector<std::string> names = fields_of(line);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (std::find(kColumns.begin(), kColumns.end(), names[i]) == kColumns.end())
        error(fmt::format("there is no column '{}'{}; there are {}", names[i], suggestion(names[i], kColumns),
                          fmt::join(kColumns, ", ")));
      columns_[names[i]] = i;
    }
    if (columns_.count("serial") == 0) error("the first line must name the columns, 'serial' among them");
  }

  void read_gpu(const std::vector<std::string>& fields) {
    const auto field = [&](const char* name) {
      const auto column = columns_.find(name);
      return column == columns_.end() || column->second >= fields.size() ? std::string()
                                                                         : fields[column->second];
    };
    if (field("serial").empty()) return error("a GPU without a serial");
    if (is_spoilt_by_a_spreadsheet(field("serial"))) return error(kSpoilt);
    const auto slot = slot_of(field("slot"));
    if (!slot) return error(fmt::format("'{}' is no slot, such as gpu3 or 3", field("slot")));
    if (!field("consignment").empty()) manifest_.consignment = field("consignment");
    if (!field("licence").empty()) manifest_.licence = field("licence");
    ManifestNode& node = node_of(field("node"), field("chassis_serial"));
    node.gpus.push_back({*slot, field("serial"), field("part_number"), field("vbios")});
  }

  ManifestNode& node_of(const std::string& name, const std::string& chassis_serial) {
    const auto found = std::find_if(
        manifest_.nodes.begin(), manifest_.nodes.end(),
        [&](const ManifestNode& node) { return node.name == name && node.chassis_serial == chassis_serial; });
    if (found != manifest_.nodes.end()) return *found;
    manifest_.nodes.push_back({name, chassis_serial, {}});
    return manifest_.nodes.back();
  }

  std::string path_;
  Diagnostics& diagnostics_;
  int line_ = 1;
  std::map<std::string, std::size_t> columns_;
  Manifest manifest_;
};

}  // namespace

Manifest load_manifest(const std::string& path, Diagnostics& diagnostics) {
  if (std::filesystem::path(path).extension() == ".csv") return CsvLoader(path, diagnostics).load();
  return load_toml(path, diagnostics);
}

}  // namespace assay::config
