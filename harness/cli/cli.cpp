#include "harness/cli/cli.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <new>
#include <sstream>
#include <system_error>

#include <CLI/CLI.hpp>

#include "harness/base/machine_refused.h"
#include "harness/base/terminal.h"
#include "harness/cli/backends.h"
#include "harness/cli/libraries.h"
#include "harness/config/nearest.h"
#include "harness/ipc/child.h"
#include "harness/model/phrase.h"
#include "harness/record/append_file.h"
#include "harness/record/reader.h"
#include "harness/run/worker.h"
#include "harness/telemetry/sampler.h"

namespace assay::cli {
namespace {

using Words = std::vector<std::string>;

/// Children are this binary, started by the supervisor; the verbs are not for people and not in the help.
int child_main(const char* verb) {
  if (!ipc::become_child()) return 0;
  // Children share one file, the run's children.log: their last words, should nobody hear them any more.
  spdlog::set_default_logger(spdlog::stderr_logger_st("assay"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %P %l %v");
  if (std::strcmp(verb, "__worker") == 0) return run::worker_main(ipc::kChannelDescriptor, all_backends());
  if (std::strcmp(verb, kLibrariesVerb) == 0) return libraries_main(ipc::kChannelDescriptor);
  return telemetry::sampler_main(ipc::kChannelDescriptor, all_backends());
}

bool is_child_verb(const char* verb) {
  return std::strcmp(verb, "__worker") == 0 || std::strcmp(verb, "__sampler") == 0 ||
         std::strcmp(verb, kLibrariesVerb) == 0;
}

bool contains(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_option(const std::string& word) {
  return word.rfind('-', 0) == 0;
}

/// For "--sead": " Did you mean --seed?"
std::string suggestion(const Words& unknown, const Words& known) {
  for (const std::string& word : unknown) {
    const std::string nearest = config::nearest(word, known);
    if (!nearest.empty()) return fmt::format(" Did you mean {}?", nearest);
  }
  return "";
}

Words verbs_of(const CLI::App& app) {
  Words names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(verb->get_name());
  return names;
}

Words options_of(const CLI::App& verb) {
  Words names;
  for (const CLI::Option* option : verb.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// What is wrong with the first word, which is the verb or asks for help; or nothing.
std::string verb_problem(const CLI::App& app, const Words& words) {
  const Words verbs = verbs_of(app);
  const std::string choice = fmt::format("{}", fmt::join(verbs, ", "));
  if (words.empty()) return "which verb? " + choice + ".";
  const std::string& first = words.front();
  if (contains(verbs, first) || app.get_option_no_throw(first) != nullptr) return "";
  if (!is_option(first)) {
    const std::string meant = suggestion({first}, verbs);
    return fmt::format("no verb '{}'.{}", first, meant.empty() ? " There are " + choice + "." : meant);
  }
  const auto verb = std::find_if(words.begin(), words.end(),
                                 [&](const std::string& word) { return contains(verbs, word); });
  return fmt::format("options come after the verb: assay {} {}.", verb == words.end() ? "VERB" : *verb,
                     first);
}

/// The unexpected words in the order in which they were typed, which CLI11 does not keep.
std::string not_expected(const CLI::App& app, const Words& words) {
  Words unexpected;
  const Words remaining = app.remaining(true);
  std::copy_if(words.begin() + 1, words.end(), std::back_inserter(unexpected),
               [&](const std::string& word) { return contains(remaining, word); });
  Words known;
  for (const CLI::App* verb : app.get_subcommands()) known = options_of(*verb);
  return fmt::format("{} does not take: {}.{}", words.front(), fmt::join(unexpected, " "),
                     suggestion(unexpected, known));
}

/// Records and reports are UTF-8, and could name nothing else. Which word is not, with the option before it;
/// or nothing.
std::string encoding_problem(const Words& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_utf8(words[i])) continue;
    const bool of_option = i > 0 && is_option(words[i - 1]);
    return fmt::format("{}{}: this is not valid UTF-8.", of_option ? words[i - 1] + " " : "", words[i]);
  }
  return "";
}

/// A descriptor 0 to 2 that was closed would be given to the next file or socket, and a library's message
/// would land in it.
void open_standard_descriptors() {
  for (int fd = open("/dev/null", O_RDWR); fd >= 0; fd = open("/dev/null", O_RDWR)) {
    if (fd <= STDERR_FILENO) continue;
    close(fd);
    return;
  }
}

int complain(const Words& lines) {
  for (const std::string& line : lines) terminal::err("assay: {}\n", line);
  return Exit::usage;
}

int parse_and_run(CLI::App& app, Action& action, int argc, char** argv) {
  const Words words(argv + 1, argv + argc);
  for (const std::string& problem : {encoding_problem(words), verb_problem(app, words)}) {
    if (!problem.empty()) return complain({problem + " See assay --help."});
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    std::ostringstream page;
    app.exit(asked, page, page);
    terminal::out_page(page.str());
    return Exit::accept;
  } catch (const CLI::ExtrasError&) {
    return complain({not_expected(app, words) + " See assay --help."});
  } catch (const CLI::ParseError& error) {
    return complain({std::string(error.what()) + ". See assay --help."});
  }
  return action();
}

/// What --lang asks for, also where something else of the command line is wrong.
std::string language_of(int argc, char** argv) {
  const Words words(argv + 1, argv + argc);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool follows = i > 0 && words[i - 1] == "--lang";
    if ((follows && words[i] == "zh-CN") || words[i] == "--lang=zh-CN") return "zh-CN";
  }
  return "en";
}

/// Why there is no verdict, and what to do about it.
int no_verdict(const std::string& language, Words why, const Phrase& what_now) {
  why.front() = "INCONCLUSIVE: " + why.front();
  why.push_back(what_now.in(language));
  complain(why);
  return Exit::inconclusive;
}

/// An answer that never arrived is none, whatever the verb did.
int arrived(const std::string& language, int code) {
  const int error = terminal::out_error();
  if (error == 0) return code;
  return no_verdict(language, {"the answer cannot be written: " + std::generic_category().message(error)},
                    {"what was done stands. Where there is a run's folder: assay report RUN",
                     "已完成的工作仍然有效。若已有运行文件夹：assay report RUN"});
}

int refused(const std::string& language, const std::string& why) {
  return no_verdict(
      language, {why},
      {"this machine refused what Assay needs; no part of a node is accused. What was written stands: "
       "mend it, then assay resume RUN where there is a run's folder.",
       "本机拒绝了 Assay "
       "所需的资源；不判定任何部件故障。已写入的内容仍然有效：排除后，若已有运行文件夹，执行 assay "
       "resume RUN。"});
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // a file as large as this machine allows is a write that fails
  if (argc == 2 && is_child_verb(argv[1])) return child_main(argv[1]);
  spdlog::set_level(spdlog::level::off);  // what the supervisor says, it says through terminal.h
  std::signal(SIGPIPE, SIG_IGN);          // whoever read our progress may leave; the run goes on
  CLI::App app(
      "Assay decides whether a newly delivered NVIDIA H200 node may join a cluster.\n\n"
      "Exit codes: 0 ACCEPT or done, 10 REJECT, 11 INCONCLUSIVE, 2 wrong use or configuration, 1 a bug of "
      "Assay.",
      "assay");
  app.set_version_flag("--version", std::string("assay ") + ASSAY_VERSION);
  app.require_subcommand(0, 1);
  const std::string language = language_of(argc, argv);
  Action action;
  add_run(app, action);
  add_resume(app, action);
  add_plan(app, action);
  add_list(app, action);
  add_coverage(app, action);
  add_doctor(app, action);
  add_log(app, action);
  add_judge(app, action);
  add_report(app, action);
  try {
    return arrived(language, parse_and_run(app, action, argc, argv));
  } catch (const UsageError& error) {
    return complain(error.lines());
  } catch (const CannotRun& error) {
    return no_verdict(
        language, error.lines(),
        {"nothing was tested. See assay doctor.", "未进行任何测试。请运行 assay doctor --lang zh-CN。"});
  } catch (const record::JournalError& error) {
    return no_verdict(language, {std::string("the records cannot be written: ") + error.what()},
                      {"what was written stands. Mend that, then: assay resume RUN",
                       "已写入的内容仍然有效。排除后执行：assay resume RUN"});
  } catch (const record::RecordsError& error) {  // verbs that are given a run say so themselves
    return no_verdict(
        language, {std::string("the records were changed while this run wrote them: ") + error.what()},
        {"start a new run, and see who writes into its folder.", "请重新运行，并查明是谁在写入运行文件夹。"});
  } catch (const MachineRefused& error) {
    return refused(language, error.what());
  } catch (const std::system_error& error) {  // what the standard library asked of the machine: a thread
    return refused(language, error.what());
  } catch (const std::bad_alloc&) {
    return refused(language, "no memory is left");
  } catch (const std::exception& error) {
    complain({std::string("internal error: ") + error.what()});
    return Exit::bug;
  }
}

}  // namespace assay::cli
