// What a kernel's log says of GPUs and NVSwitches, without a run: of another boot, of a node that is not
// here.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "harness/base/descriptor.h"
#include "harness/base/files.h"
#include "harness/base/machine_refused.h"
#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/conclude.h"
#include "harness/cli/load.h"
#include "harness/kernel_log/kernel_log.h"
#include "harness/kernel_log/meaning.h"
#include "harness/model/phrase.h"

namespace assay::cli {
namespace {

constexpr const char* kStandardInput = "-";
constexpr const char* kNothing = "IGNORE";  // the catalogue's word for no action

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// A pipe can be read only once, and is at its end when its writer says so: it is taken in whole, and its
/// last line ended.
File copy_of(const std::string& path) {
  const Descriptor from(path == kStandardInput ? dup(STDIN_FILENO)
                                               : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!from) throw UsageError(fmt::format("{}: {}", path, std::strerror(errno)));
  File to(std::tmpfile(), std::fclose);
  if (!to) throw MachineRefused(fmt::format("no file for a copy of {}: {}", path, std::strerror(errno)));
  const auto add = [&](std::string_view bytes) {
    const int error = write_all(fileno(to.get()), bytes);
    if (error != 0)
      throw MachineRefused(fmt::format("the copy of {} cannot be written: {}", path, std::strerror(error)));
  };
  std::vector<char> buffer(1 << 20);
  while (true) {
    const ssize_t n = ::read(from.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw UsageError(fmt::format("{}: {}", path, std::strerror(errno)));
    if (n == 0) break;
    add({buffer.data(), static_cast<std::size_t>(n)});
  }
  add("\n");
  return to;
}

/// An all-clear for what could not be read would be worse than none.
void require_text(const std::string& path, std::FILE* copy) {
  std::string begin(4096, '\0');
  const ssize_t n = pread(fileno(copy), begin.data(), begin.size(), 0);
  begin.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  if (begin.find_first_not_of(" \n") == std::string::npos)
    throw UsageError(path + ": it is empty; that says nothing of a kernel");
  if (begin.rfind("\x1f\x8b", 0) == 0) throw UsageError(path + ": it is packed: zcat FILE | assay log -");
  if (begin.find('\0') != std::string::npos)
    throw UsageError(path + ": this is no text; of a journal, give what journalctl -k prints");
  if (begin.front() == '{') throw UsageError(path + ": this is JSON: give what journalctl -k prints");
}

struct Said {
  std::string meaning, at_once, cause;
};

/// What the catalogue has of an event's number, in words.
Said said_of(const KernelEvent& event, const EventCatalogue& catalogue, const std::string& language) {
  const auto action = [&](const std::string& word) {
    const auto found = catalogue.actions.find(word);
    return found == catalogue.actions.end() ? word : in_words(found->second, language);
  };
  if (event.kind == KernelEvent::Kind::nvswitch) {
    const auto entry = catalogue.sxids.find(event.number);
    if (entry == catalogue.sxids.end()) return {};
    return {in_words(entry->second.meaning, language), action(entry->second.immediate), ""};
  }
  const auto entry = catalogue.xids.find(event.number);
  if (event.kind != KernelEvent::Kind::xid || entry == catalogue.xids.end()) return {};
  const XidEntry& xid = entry->second;
  const bool more = xid.later != kNothing && xid.later != xid.immediate;
  return {in_words(xid.meaning, language), action(xid.immediate), more ? action(xid.later) : ""};
}

nlohmann::json json_of(const KernelEvent& event, const Said& said) {
  nlohmann::json j = event;
  j["says"] = said.meaning;
  j["at_once"] = said.at_once;
  j["to_find_the_cause"] = said.cause;
  return j;
}

void print(const KernelEvent& event, const Said& said, const std::string& language) {
  terminal::out("{}{}\n", is_fault(event) ? "!! " : "   ", event.line);
  if (!said.meaning.empty()) terminal::out("     {}\n", said.meaning);
  if (!said.at_once.empty())
    terminal::out("     {}{}\n", Phrase("at once: ", "立即：").in(language), said.at_once);
  if (!said.cause.empty())
    terminal::out("     {}{}\n", Phrase("to find the cause: ", "后续排查：").in(language), said.cause);
}

struct LogOptions {
  std::string file = kStandardInput, language;
  bool json = false;
};

int log_action(const LogOptions& options) {
  const EventCatalogue catalogue = load_event_catalogue();
  const File copy = copy_of(options.file);
  require_text(options.file, copy.get());
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
      print(event, said, options.language);
  };
  kernel_log::read_all(fmt::format("/proc/self/fd/{}", fileno(copy.get())), take);
  if (options.json) {
    terminal::out_json(all);
  } else {
    const Phrase sum =
        phrase("{} event(s), {} of them (!!) a fault of GPU, NVSwitch or host.",
               "共 {} 条事件，其中 {} 条（!!）表示 GPU、NVSwitch 或主机故障。", events, faults);
    terminal::out("{}\n", sum.in(options.language));
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
