// What a kernel's log says of GPUs and NVSwitches, without a run: of another boot, of a node that is not
// here.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "harness/base/machine_refused.h"
#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/conclude.h"
#include "harness/cli/load.h"
#include "harness/kernel_log/kernel_log.h"
#include "harness/kernel_log/meaning.h"

namespace assay::cli {
namespace {

constexpr const char* kStandardInput = "-";

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// A pipe can be read only once, and is at its end when its writer says so: it is taken in whole, and its
/// last line ended.
File copy_of(const std::string& path) {
  File from(path == kStandardInput ? stdin : std::fopen(path.c_str(), "re"), std::fclose);
  File to(std::tmpfile(), std::fclose);
  if (!from) throw UsageError(fmt::format("{}: {}", path, std::strerror(errno)));
  if (!to) throw MachineRefused(fmt::format("no file for a copy of {}: {}", path, std::strerror(errno)));
  std::vector<char> buffer(1 << 20);
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), from.get())) > 0;) {
    if (std::fwrite(buffer.data(), 1, n, to.get()) != n)
      throw MachineRefused(fmt::format("the copy of {} cannot be written: {}", path, std::strerror(errno)));
  }
  if (std::ferror(from.get()) != 0) throw UsageError(fmt::format("{}: {}", path, std::strerror(errno)));
  if (std::fputc('\n', to.get()) == EOF || std::fflush(to.get()) != 0)
    throw MachineRefused(fmt::format("the copy of {} cannot be written: {}", path, std::strerror(errno)));
  return to;
}

struct Said {
  std::string meaning, at_once, again;
};

std::string in(const Words& words, const std::string& language) {
  const auto found = words.find(language);
  return found == words.end() ? "" : found->second;
}

/// What the catalogue has of an event's number, in words.
Said said_of(const KernelEvent& event, const EventCatalogue& catalogue, const std::string& language) {
  const auto action = [&](const std::string& word) {
    const auto found = catalogue.actions.find(word);
    return found == catalogue.actions.end() ? word : in(found->second, language);
  };
  if (event.kind == KernelEvent::Kind::nvswitch) {
    const auto entry = catalogue.sxids.find(event.number);
    if (entry == catalogue.sxids.end()) return {};
    return {in(entry->second.meaning, language), action(entry->second.immediate), ""};
  }
  const auto entry = catalogue.xids.find(event.number);
  if (event.kind != KernelEvent::Kind::xid || entry == catalogue.xids.end()) return {};
  return {in(entry->second.meaning, language), action(entry->second.immediate), action(entry->second.later)};
}

nlohmann::json json_of(const KernelEvent& event, const Said& said) {
  nlohmann::json j = event;
  j["says"] = said.meaning;
  j["at_once"] = said.at_once;
  j["if_it_comes_again"] = said.again;
  return j;
}

void print(const KernelEvent& event, const Said& said, bool chinese) {
  terminal::out("{}{}\n", is_fault(event) ? "!! " : "   ", event.line);
  if (!said.meaning.empty()) terminal::out("     {}\n", said.meaning);
  if (!said.at_once.empty()) terminal::out("     {}{}\n", chinese ? "立即：" : "at once: ", said.at_once);
  if (!said.again.empty())
    terminal::out("     {}{}\n", chinese ? "若再次出现：" : "if it comes again: ", said.again);
}

struct LogOptions {
  std::string file = kStandardInput, language = "en";
  bool json = false;
};

int log_action(const LogOptions& options) {
  const EventCatalogue catalogue = load_event_catalogue();
  nlohmann::json all = nlohmann::json::array();
  std::int64_t events = 0, faults = 0;
  const auto take = [&](KernelEvent event) {
    kernel_log::interpret(event, catalogue);
    ++events;
    faults += is_fault(event) ? 1 : 0;
    const Said said = said_of(event, catalogue, options.language);
    if (options.json)
      all.push_back(json_of(event, said));
    else
      print(event, said, options.language == "zh-CN");
  };
  const File copy = copy_of(options.file);
  kernel_log::read_all(fmt::format("/proc/self/fd/{}", fileno(copy.get())), take);
  if (options.json) {
    terminal::out_json(all);
  } else if (options.language == "zh-CN") {
    terminal::out("共 {} 条事件，其中 {} 条（!!）表示 GPU、NVSwitch 或主机故障。\n", events, faults);
  } else {
    terminal::out("{} events, {} of them (!!) a fault of GPU, NVSwitch or host.\n", events, faults);
  }
  return Exit::accept;
}

}  // namespace

void add_log(CLI::App& app, Action& action) {
  auto options = std::make_shared<LogOptions>();
  CLI::App* verb = app.add_subcommand(
      "log", "What a kernel's log says: journalctl -k -b -1 | assay log -, or a file of dmesg or syslog");
  verb->add_option("FILE", options->file, "Lines of dmesg, syslog or journalctl; - is standard input")
      ->required();
  verb->add_flag("--json", options->json, "The events as JSON");
  add_language_option(*verb, options->language);
  verb->callback([&action, options] { action = [options] { return log_action(*options); }; });
}

}  // namespace assay::cli
