#include "harness/config/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <tuple>

#include "harness/base/machine_refused.h"
#include "harness/base/sha256.h"
#include "harness/config/dotted_keys.h"
#include "harness/config/nearest.h"
#include "harness/config/paths.h"

namespace assay::config {
namespace {

namespace fs = std::filesystem;

Position position_in(const toml::source_region& region) {
  return {static_cast<int>(region.begin.line), static_cast<int>(region.begin.column)};
}

std::string described(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return fmt::format("\"{}\"", node.as_string()->get());
    case toml::node_type::integer:
      return fmt::format("{}", node.as_integer()->get());
    case toml::node_type::floating_point:
      return fmt::format("{}", node.as_floating_point()->get());
    case toml::node_type::boolean:
      return node.as_boolean()->get() ? "true" : "false";
    default:
      return "a date or time";
  }
}

constexpr int kMostKeyParts = 100;  // tables in tables

}  // namespace

TomlFile::TomlFile(std::string path, Diagnostics& sink) : source_{std::move(path), {}}, sink_(sink) {
  std::error_code failed;
  if (!fs::is_regular_file(source_.path, failed)) {
    error({}, "there is no such file" + suggestion(stem(), siblings(source_.path)));
    return;
  }
  std::ifstream file(source_.path, std::ios::binary);
  if (!file) {
    const int why = errno;
    throw_unless_wrong_path(source_.path, why);
    error({}, "cannot be opened: " + std::generic_category().message(why));
    return;
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  source_.sha256 = sha256(text);
  if (longest_dotted_key(text) >= kMostKeyParts) {
    error({}, fmt::format("a key of more than {} parts", kMostKeyParts));
    return;
  }
  try {
    content_ = toml::parse(text, source_.path);
    parsed_ = true;
  } catch (const toml::parse_error& e) {
    error(position_in(e.source()), std::string(e.description()));
  }
}

TomlFile::~TomlFile() {
  std::stable_sort(found_.begin(), found_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  for (Diagnostic& diagnostic : found_) sink_.add(std::move(diagnostic));
}

Table TomlFile::root() {
  return {*this, content_};
}
std::string TomlFile::stem() const {
  return fs::path(source_.path).stem().string();
}

std::string TomlFile::folder() const {
  const fs::path parent = fs::path(source_.path).parent_path();
  return parent.empty() ? "." : parent.string();
}

void TomlFile::error(Position where, std::string message) {
  found_.push_back({source_.path, where.line, where.column, std::move(message)});
}

Table::~Table() {
  if (content_ == nullptr) return;
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (auto&& [key, value] : *content_) {
    const std::string name(key.str());
    if (known_.count(name) != 0) continue;
    file_->error(position_in(key.source()), fmt::format("unknown key '{}'{}", name, suggestion(name, known)));
  }
}

Position Table::position() const {
  const Position where = position_in(content_->source());
  return where.line > 0 ? where : Position{1, 1};  // an empty file
}

Position Table::position_of(const std::string& key) const {
  const toml::node* node = content_->get(key);
  return node != nullptr ? position_in(node->source()) : position();
}

const toml::node* Table::find(const std::string& key) {
  known_.insert(key);
  return content_->get(key);
}

const toml::node* Table::require(const std::string& key) {
  const toml::node* node = find(key);
  if (node == nullptr) error(fmt::format("required key '{}' is missing", key));
  return node;
}

void Table::wrong_type(const std::string& key, const toml::node& node, const std::string& wanted) {
  error(position_in(node.source()), fmt::format("'{}' must be {}, not {}", key, wanted, described(node)));
}

bool Table::has(const std::string& key) {
  return find(key) != nullptr;
}

std::string Table::text(const std::string& key) {
  return require(key) != nullptr ? optional_text(key).value_or("") : std::string{};
}

std::string Table::short_text(const std::string& key, std::size_t size) {
  std::string value = text(key);
  if (value.size() >= size)
    error(key, fmt::format("'{}' has {} bytes; at most {} fit", key, value.size(), size - 1));
  return value;
}

std::optional<std::string> Table::optional_text(const std::string& key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_string();
  if (value == nullptr || value->get().empty()) {
    wrong_type(key, *node, "a string that is not empty");
    return std::nullopt;
  }
  return value->get();
}

std::string Table::date(const std::string& key) {
  std::string value = text(key);
  if (!value.empty() && !is_date(value)) {
    error(key, fmt::format("'{}' must be a date, such as \"2026-11-23\", not \"{}\"", key, value));
  }
  return value;
}

bool Table::flag(const std::string& key) {
  const toml::node* node = require(key);
  if (node == nullptr) return false;
  if (!node->is_boolean()) wrong_type(key, *node, "true or false");
  return node->value_or(false);
}

std::int64_t Table::integer(const std::string& key, std::int64_t lowest, std::int64_t highest) {
  return require(key) != nullptr ? optional_integer(key, lowest, highest).value_or(0) : 0;
}

std::optional<std::int64_t> Table::optional_integer(const std::string& key, std::int64_t lowest,
                                                    std::int64_t highest) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_integer();
  if (value == nullptr || value->get() < lowest || value->get() > highest) {
    wrong_type(key, *node, fmt::format("a whole number from {} to {}", lowest, highest));
    return std::nullopt;
  }
  return value->get();
}

double Table::quantity(const std::string& key, Unit unit) {
  return require(key) != nullptr ? optional_quantity(key, unit).value_or(0) : 0;
}

std::optional<double> Table::optional_quantity(const std::string& key, Unit unit) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (unit == Unit::count) {
    if (node->is_number()) return node->value<double>();
    wrong_type(key, *node, fmt::format("a plain number, such as {}", example(unit)));
    return std::nullopt;
  }
  const auto* value = node->as_string();
  if (value == nullptr) {
    wrong_type(key, *node,
               fmt::format("a string with the unit {}, such as \"{}\"", symbol(unit), example(unit)));
    return std::nullopt;
  }
  std::string problem;
  const auto parsed = parse_quantity(value->get(), unit, problem);
  if (!parsed) error(position_in(node->source()), fmt::format("'{}': {}", key, problem));
  return parsed;
}

std::optional<Quantity> Table::any_quantity(const std::string& key) {
  const toml::node* node = require(key);
  if (node == nullptr) return std::nullopt;
  if (node->is_number()) return Quantity{node->value_or(0.0), Unit::count};
  const auto* value = node->as_string();
  const auto parsed = value != nullptr ? parse_quantity(value->get()) : std::nullopt;
  if (!parsed) wrong_type(key, *node, "a number, or a string with a unit, such as \"4800 GB/s\"");
  return parsed;
}

std::string Table::name_in(const std::string& key, const std::string& what,
                           const std::vector<std::string>& names) {
  std::string value = text(key);
  if (value.empty() || std::find(names.begin(), names.end(), value) != names.end()) return value;
  error(key, fmt::format("there is no {} '{}'{}", what, value, suggestion(value, names)));
  return {};
}

std::vector<Entry> Table::texts(const std::string& key) {
  std::vector<Entry> entries;
  const toml::node* node = find(key);
  if (node == nullptr) return entries;
  if (!node->is_array()) {
    wrong_type(key, *node, "an array of strings");
    return entries;
  }
  for (const toml::node& element : *node->as_array()) {
    const auto* value = element.as_string();
    if (value == nullptr) {
      wrong_type(key, element, "an array of strings");
    } else {
      entries.push_back({key, value->get(), position_in(element.source())});
    }
  }
  return entries;
}

std::vector<Entry> Table::texts_by_name(const std::string& key) {
  std::vector<Entry> entries;
  auto members = optional_table(key);
  if (!members) return entries;
  for (auto&& [member, value] : *members->content_) {
    const std::string name(member.str());
    if (auto text = members->optional_text(name))
      entries.push_back({name, *text, position_in(member.source())});
  }
  return entries;
}

std::vector<Table> Table::tables(const std::string& key) {
  std::vector<Table> list;
  const toml::node* node = find(key);
  if (node == nullptr) return list;
  const toml::array* array = node->as_array();
  if (array == nullptr || !std::all_of(array->begin(), array->end(), [](auto& e) { return e.is_table(); })) {
    wrong_type(key, *node, fmt::format("written as [[{}]] tables", key));
    return list;
  }
  list.reserve(array->size());
  for (const toml::node& element : *array) list.emplace_back(*file_, *element.as_table());
  return list;
}

std::vector<std::pair<std::string, Table>> Table::tables_by_name(const std::string& key) {
  std::vector<std::pair<std::string, Table>> list;
  auto members = optional_table(key);
  if (!members) return list;
  for (auto&& [member, value] : *members->content_) {
    const std::string name(member.str());
    if (auto member_table = members->optional_table(name)) list.emplace_back(name, std::move(*member_table));
  }
  return list;
}

std::optional<Table> Table::table(const std::string& key) {
  return require(key) != nullptr ? optional_table(key) : std::nullopt;
}

std::optional<Table> Table::optional_table(const std::string& key) {
  const toml::node* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (!node->is_table()) {
    wrong_type(key, *node, fmt::format("a table, [{}]", key));
    return std::nullopt;
  }
  return std::optional<Table>(std::in_place, *file_, *node->as_table());
}

}  // namespace assay::config
