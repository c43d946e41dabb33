// A typed view of a TOML file. It goes on after an error, so that all errors of a file show in one pass, each
// at its place.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "harness/config/diagnostics.h"
#include "harness/config/quantity.h"
#include "harness/config/shipped_files.h"

namespace assay::config {

struct Position {
  int line = 0, column = 0;
};

class Table;

/// One file. What was found wrong in it goes to the sink, in the order of its lines, when this object ends.
class TomlFile {
 public:
  TomlFile(std::string path, Diagnostics& sink);
  ~TomlFile();
  TomlFile(const TomlFile&) = delete;
  TomlFile& operator=(const TomlFile&) = delete;

  /// False: there is no content, and why is among the errors.
  bool parsed() const { return parsed_; }
  Table root();
  /// The file's name without folder and ".toml": what it defines is called so.
  std::string stem() const;
  std::string folder() const;
  /// Where it is and what was read: the parsed bytes themselves are hashed.
  const SourceFile& source() const { return source_; }
  void error(Position where, std::string message);

 private:
  SourceFile source_;
  Diagnostics& sink_;
  std::vector<Diagnostic> found_;
  toml::table content_;
  bool parsed_ = false;
};

/// A string of the file and where it stands.
struct Entry {
  std::string key, value;
  Position position;
};

/// One table. A key that nobody has asked for when this object ends is an error: unknown.
class Table {
 public:
  Table(TomlFile& file, const toml::table& content) : file_(&file), content_(&content) {}
  Table(Table&& other) noexcept
      : file_(other.file_),
        content_(std::exchange(other.content_, nullptr)),
        known_(std::move(other.known_)) {}
  Table& operator=(Table&&) = delete;
  ~Table();

  bool has(const std::string& key);
  /// These keys are known, though the rest of the table says too little to read them.
  void accept(const std::vector<std::string>& keys) { known_.insert(keys.begin(), keys.end()); }

  /// Without "optional", a missing key is an error and the result empty, zero or false.
  std::string text(const std::string& key);
  /// As text(), of fewer bytes than `size`: what a char array of that size holds.
  std::string short_text(const std::string& key, std::size_t size);
  std::optional<std::string> optional_text(const std::string& key);
  std::string date(const std::string& key);
  bool flag(const std::string& key);
  std::int64_t integer(const std::string& key, std::int64_t lowest, std::int64_t highest);
  std::optional<std::int64_t> optional_integer(const std::string& key, std::int64_t lowest,
                                               std::int64_t highest);
  /// A plain number where the unit is `count`, else a string with exactly this unit.
  double quantity(const std::string& key, Unit unit);
  std::optional<double> optional_quantity(const std::string& key, Unit unit);
  /// A number, or a string with any unit.
  std::optional<Quantity> any_quantity(const std::string& key);
  /// One of `names`, or empty after an error that says what ("check", "finding") `key` should name.
  std::string name_in(const std::string& key, const std::string& what, const std::vector<std::string>& names);

  std::vector<Entry> texts(const std::string& key);          // key = ["...", ...]; may be missing
  std::vector<Entry> texts_by_name(const std::string& key);  // [key] name = "..."; may be missing
  std::vector<Table> tables(const std::string& key);         // [[key]]; may be missing
  std::vector<std::pair<std::string, Table>> tables_by_name(const std::string& key);  // [key.name]
  std::optional<Table> table(const std::string& key);
  std::optional<Table> optional_table(const std::string& key);

  Position position() const;
  Position position_of(const std::string& key) const;  // of the value; of the table where it is missing
  void error(const std::string& message) { file_->error(position(), message); }
  void error(const std::string& key, const std::string& message) { file_->error(position_of(key), message); }
  void error(const Position& where, const std::string& message) { file_->error(where, message); }

 private:
  const toml::node* find(const std::string& key);
  const toml::node* require(const std::string& key);
  void wrong_type(const std::string& key, const toml::node& node, const std::string& wanted);

  TomlFile* file_;
  const toml::table* content_;  // null after a move
  std::set<std::string> known_;
};

}  // namespace assay::config
