#include "harness/cli/cli.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <system_error>

#include <CLI/CLI.hpp>

#include "harness/cli/answer.h"
#include "harness/config/nearest.h"
#include "harness/machine_refused.h"
#include "harness/record/append_file.h"
#include "harness/run/child.h"
#include "harness/run/worker.h"
#include "harness/telemetry/sampler.h"

namespace assay::cli {
namespace {

/// Children are this binary, started by the supervisor; the verbs are not for people and not in the help.
int child_main(const char* verb) {
  if (!run::become_child()) return 0;
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %P %l %v");  // children share one file, the run's children.log
  spdlog::info("{} started", verb);
  if (std::strcmp(verb, "__worker") == 0) return run::worker_main(run::kChannelDescriptor);
  return telemetry::sampler_main(run::kChannelDescriptor);
}

bool is_child_verb(const char* verb) {
  return std::strcmp(verb, "__worker") == 0 || std::strcmp(verb, "__sampler") == 0;
}

/// For "--sead": " Did you mean --seed?"
std::string suggestion(const CLI::App& app, const std::vector<std::string>& unknown) {
  const CLI::App* verb = &app;
  for (const CLI::App* sub : app.get_subcommands()) verb = sub;
  std::vector<std::string> known;
  for (const CLI::Option* option : verb->get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  if (verb == &app) {
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(sub->get_name());
  }
  for (const std::string& word : unknown) {
    const std::string nearest = config::nearest(word, known);
    if (!nearest.empty()) return fmt::format(" Did you mean {}?", nearest);
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

int complain(const std::string& message) {
  std::fprintf(stderr, "assay: %s\n", message.c_str());
  return Exit::usage;
}

int parse_and_run(CLI::App& app, Action& action, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked);
  } catch (const CLI::ExtrasError& error) {
    return complain(error.what() + suggestion(app, app.remaining(true)) + " See assay --help.");
  } catch (const CLI::ParseError& error) {
    return complain(std::string(error.what()) + " See assay --help.");
  }
  if (!action)
    return complain("which verb? run, resume, plan, list, doctor, judge or report. See assay --help.");
  return action();
}

/// An answer that never arrived is none, whatever the verb did.
int arrived(int code) {
  if (const int error = flush_answer(); error != 0)
    throw MachineRefused("the answer cannot be written", error);
  return code;
}

int refused(const std::string& why) {
  std::fprintf(
      stderr,
      "assay: INCONCLUSIVE: %s\nassay: this machine refused what Assay needs; no part of a node is "
      "accused. What was written stands: mend it, then assay resume RUN where there is a run's folder.\n",
      why.c_str());
  return Exit::inconclusive;
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // a file as large as this machine allows is a write that fails
  if (argc == 2 && is_child_verb(argv[1])) return child_main(argv[1]);
  std::signal(SIGPIPE, SIG_IGN);  // whoever read our progress may leave; the run goes on
  CLI::App app(
      "Assay decides whether a newly delivered NVIDIA H200 node may join a cluster.\n\n"
      "Exit codes: 0 ACCEPT or done, 10 REJECT, 11 INCONCLUSIVE, 2 wrong use or configuration, 1 a bug of "
      "Assay.",
      "assay");
  app.set_version_flag("--version", std::string("assay ") + ASSAY_VERSION);
  app.require_subcommand(0, 1);
  Action action;
  add_run(app, action);
  add_resume(app, action);
  add_plan(app, action);
  add_list(app, action);
  add_doctor(app, action);
  add_judge(app, action);
  add_report(app, action);
  try {
    return arrived(parse_and_run(app, action, argc, argv));
  } catch (const UsageError& error) {
    return complain(error.what());
  } catch (const CannotRun& error) {
    std::fprintf(stderr, "assay: INCONCLUSIVE: %s\nassay: nothing was tested. See assay doctor.\n",
                 error.what());
    return Exit::inconclusive;
  } catch (const record::JournalError& error) {
    std::fprintf(stderr,
                 "assay: INCONCLUSIVE: the records cannot be written: %s\nassay: what was written stands. "
                 "Make room, then: "
                 "assay resume RUN\n",
                 error.what());
    return Exit::inconclusive;
  } catch (const MachineRefused& error) {
    return refused(error.what());
  } catch (const std::system_error& error) {  // what the standard library asked of the machine: a thread
    return refused(error.what());
  } catch (const std::bad_alloc&) {
    return refused("no memory is left");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "assay: internal error: %s\n", error.what());
    return Exit::bug;
  }
}

}  // namespace assay::cli
