#include <CLI/CLI.hpp>

#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/prerequisites.h"

namespace assay::cli {
namespace {

int doctor_action() {
  bool all_met = true;
  for (const Prerequisite& p : prerequisites()) {
    const char* const state = p.met ? "ok     " : p.stops_a_run ? "MISSING" : "WARNING";
    terminal::out("{}  {}: {}\n", state, p.name, p.found);
    if (!p.met) terminal::out("         {}\n", p.mend);
    all_met = all_met && (p.met || !p.stops_a_run);
  }
  terminal::out("{}\n",
                all_met ? "This machine can run an acceptance."
                        : "This machine cannot run an acceptance. A simulated node works: see README.md.");
  return all_met ? Exit::accept : Exit::inconclusive;
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  CLI::App* verb =
      app.add_subcommand("doctor", "Can this machine run an acceptance? What is missing, and how to mend it");
  verb->callback([&action] { action = doctor_action; });
}

}  // namespace assay::cli
