#include "harness/config/event_catalogue.h"

#include <fmt/format.h>

#include "harness/config/reader.h"

namespace assay::config {
namespace {

constexpr int kHighestXid = 9999, kHighestSxid = 999999;

const std::vector<std::string> kSays{"nothing", "application", "device", "fatal", "lost"};
const std::vector<std::string> kSeverities{"non_fatal", "port", "fabric"};

template <typename Enumerated>
Enumerated read_named(Table& table, const std::string& key, const std::vector<std::string>& names) {
  const std::string name = table.name_in(key, key, names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Enumerated>(i);
  }
  return {};
}

/// English must be there.
Words read_words(Table& table) {
  constexpr const char* kEnglish = "en";
  constexpr const char* kChinese = "zh-CN";
  Words words{{kEnglish, table.text(kEnglish)}};
  if (const auto chinese = table.optional_text(kChinese)) words[kChinese] = *chinese;
  return words;
}

class Loader {
 public:
  Loader(std::string folder, Diagnostics& diagnostics, std::vector<SourceFile>* sources)
      : folder_(std::move(folder)), diagnostics_(diagnostics), sources_(sources) {}

  EventCatalogue load() {
    each("actions", [&](Table& root) {
      for (auto& [word, table] : root.tables_by_name("actions")) catalogue_.actions[word] = read_words(table);
    });
    each("xid", [&](Table& root) {
      root.text("source");
      catalogue_.xid_date = root.date("date");
      for (Table& table : root.tables("xids")) read_xid(table);
    });
    each("sxid", [&](Table& root) {
      root.text("source");
      catalogue_.sxid_date = root.date("date");
      for (Table& table : root.tables("sxids")) read_sxid(table);
    });
    return std::move(catalogue_);
  }

 private:
  template <typename Read>
  void each(const char* name, Read read) {
    TomlFile file(fmt::format("{}/{}.toml", folder_, name), diagnostics_);
    if (!file.parsed()) return;
    if (sources_ != nullptr) sources_->push_back(file.source());
    Table root = file.root();
    read(root);
  }

  std::string read_action(Table& table, const char* key) {
    const std::string word = table.optional_text(key).value_or("");
    if (!word.empty() && catalogue_.actions.count(word) == 0)
      table.error(key, fmt::format("actions.toml has no words for '{}'", word));
    return word;
  }

  template <typename Entry>
  void add(Table& table, std::map<int, Entry>& entries, int highest, Entry entry) {
    const int number = static_cast<int>(table.integer("number", 0, highest));
    if (!entries.emplace(number, std::move(entry)).second)
      table.error("number", fmt::format("{} is there twice", number));
  }

  void read_xid(Table& table) {
    XidEntry entry;
    entry.says = read_named<Says>(table, "says", kSays);
    entry.immediate = read_action(table, "immediate");
    entry.later = read_action(table, "later");
    entry.meaning = read_words(table);
    add(table, catalogue_.xids, kHighestXid, std::move(entry));
  }

  void read_sxid(Table& table) {
    SxidEntry entry;
    entry.severity = read_named<SxidSeverity>(table, "severity", kSeverities);
    entry.stalls = table.has("stalls") && table.flag("stalls");
    entry.immediate = read_action(table, "immediate");
    entry.meaning = read_words(table);
    add(table, catalogue_.sxids, kHighestSxid, std::move(entry));
  }

  std::string folder_;
  Diagnostics& diagnostics_;
  std::vector<SourceFile>* sources_;
  EventCatalogue catalogue_;
};

}  // namespace

EventCatalogue load_event_catalogue(const std::string& folder, Diagnostics& diagnostics,
                                    std::vector<SourceFile>* sources) {
  return Loader(folder, diagnostics, sources).load();
}

}  // namespace assay::config
