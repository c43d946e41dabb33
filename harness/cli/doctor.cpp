#include <memory>

#include <CLI/CLI.hpp>

#include "harness/base/terminal.h"
#include "harness/cli/cli.h"
#include "harness/cli/conclude.h"
#include "harness/cli/prerequisites.h"

namespace assay::cli {
namespace {

Phrase state_of(const Prerequisite& p) {
  if (p.met) return {"ok     ", "正常"};
  return p.stops_a_run ? Phrase("MISSING", "缺失") : Phrase("WARNING", "警告");
}

int doctor_action(const std::string& language) {
  bool all_met = true;
  for (const Prerequisite& p : prerequisites()) {
    terminal::out("{}  {}{}{}\n", state_of(p).in(language), p.name.in(language),
                  Phrase(": ", "：").in(language), p.found.in(language));
    if (!p.met) terminal::out("{}{}\n", Phrase("         ", "      ").in(language), p.mend.in(language));
    all_met = all_met && (p.met || !p.stops_a_run);
  }
  const Phrase can{"This machine can run an acceptance.", "本机可以进行验收测试。"};
  const Phrase cannot{"This machine cannot run an acceptance. A simulated node works: see README.md.",
                      "本机无法进行验收测试。可以使用模拟节点：见 README.md。"};
  terminal::out("{}\n", (all_met ? can : cannot).in(language));
  return all_met ? Exit::accept : Exit::inconclusive;
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  CLI::App* verb =
      app.add_subcommand("doctor", "Can this machine run an acceptance? What is missing, and how to mend it");
  auto language = std::make_shared<std::string>();
  add_language_option(*verb, *language);
  verb->callback([&action, language] { action = [language] { return doctor_action(*language); }; });
}

}  // namespace assay::cli
