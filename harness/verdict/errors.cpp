// What steps and the run reported as errors: the symptom is the finding's code.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "harness/model/attempts.h"
#include "harness/model/finding_codes.h"
#include "harness/verdict/series.h"

namespace assay::verdict {
namespace {

/// Where an error belongs: the part that it names, or that of the step where it names no part of the node.
Part place_of(const Case& c, const Error& error, const Part& fallback) {
  return c.place_of(error.symptom, error.part.is_on_node() ? error.part : fallback);
}

/// ipc::Ending::describe(), as the records have it.
Phrase ending(const std::string& described) {
  constexpr std::string_view kKilled = "killed by ", kExited = "exited with status ";
  const auto behind = [&](std::string_view words) { return described.substr(words.size()); };
  if (described.rfind(kKilled, 0) == 0) return {described, "被终止：" + behind(kKilled)};
  if (described.rfind(kExited, 0) == 0) return {described, "退出码 " + behind(kExited)};
  return described;
}

Phrase detail_of(const Error& error) {
  const Phrase message(error.message, error.chinese.empty() ? error.message : error.chinese);
  if (error.ended.empty()) return message;
  const Phrase ended = ending(error.ended);
  return message.empty() ? ended : phrase("{} ({})", "{}（{}）", message, ended);
}

Observation about(const Case& c, const Error& error, const Part& fallback) {
  Observation observation;
  observation.code = error.symptom;
  observation.severity = c.severity_of(c.class_of(error.symptom));
  observation.part = observation.evidence.part = place_of(c, error, fallback);
  observation.evidence.detail = detail_of(error);
  return observation;
}

bool is_made_up_for(const Case& c, const Step& step) {
  const auto& steps = c.steps(step.check, step.part);
  return std::any_of(steps.rbegin(), steps.rend(),
                     [&](const Step* later) { return makes_up_for(c.run, *later, step); });
}

/// The GPUs, or pairs of them, that did the same work, and those that came to their end.
struct Peers {
  std::set<Part> all, finished;
};

std::map<int, Peers> peers_by_group(const RunRecord& run) {
  std::map<int, Peers> groups;
  for (const Step& step : run.steps) {
    if (!has_peers(step.part)) continue;
    Peers& peers = groups[group_of(run.plan, step.stage)];
    peers.all.insert(step.part);
    if (step.status == Status::complete) peers.finished.insert(step.part);
  }
  return groups;
}

/// Whether most of the others of the step's stage came to their end.
bool peers_finished(const Peers& peers, const Step& step) {
  const std::size_t others = peers.all.size() - peers.all.count(step.part);
  const std::size_t finished = peers.finished.size() - peers.finished.count(step.part);
  return finished * 2 > others;
}

bool has_error(const Step& step, const FindingCode& code) {
  return std::any_of(step.errors.begin(), step.errors.end(),
                     [&](const Error& error) { return error.symptom == code; });
}

/// The GPUs whose workers never came to where all the others of their placement waited. One that ended while
/// the others waited did not hang.
std::vector<Part> ranks_that_hung(const Step& step) {
  std::vector<Part> gpus;
  for (const Error& error : step.errors) {
    if (error.symptom == codes::rank_missing && !error.ended.empty() && error.part.gpu_slot())
      gpus.push_back(error.part.unit());
  }
  return gpus;
}

/// Steps in which a GPU, or a pair, hung while its peers came to their end.
struct Hangs {
  std::vector<const Step*> steps;
  std::set<std::pair<int, int>> attempts;  // by stage: the bodies of one placement hang together
  // Of a GPU in pairs: those that it hung with, and all that it was to work with.
  std::set<Part> partners, tried;

  /// One hang may be anybody's, and beside a partner either may be at fault: a GPU that hangs with most of
  /// them is, one that hangs with a few met those. Two, while the same work ends elsewhere, are its own.
  bool convicts() const {
    const bool with_most = partners.size() * 2 > tried.size();
    return attempts.size() + (with_most ? partners.size() : 0) > 1;
  }
};

using HangsByPart = std::map<Part, Hangs>;

HangsByPart hangs_of(const RunRecord& run) {
  auto groups = peers_by_group(run);
  HangsByPart hangs;
  const auto add = [&](const Part& part, const Step& step) {
    hangs[part].steps.push_back(&step);
    hangs[part].attempts.emplace(step.stage, step.attempt);
  };
  for (const Step& step : run.steps) {
    for (const Part& gpu : ranks_that_hung(step)) add(gpu, step);
    const std::vector<Part> units = step.part.units();
    for (std::size_t i = 0; step.part.is_pair() && i < units.size(); ++i)
      hangs[units[i]].tried.insert(units[1 - i]);
    if (!has_error(step, codes::step_timeout) || !has_peers(step.part)) continue;
    if (!peers_finished(groups[group_of(run.plan, step.stage)], step)) continue;
    add(step.part.unit(), step);
    for (std::size_t i = 0; step.part.is_pair() && i < units.size(); ++i) {
      hangs[units[i]].steps.push_back(&step);
      hangs[units[i]].partners.insert(units[1 - i]);
    }
  }
  return hangs;
}

/// Whom a hang seen on `part` convicts: one of its GPUs, else the pair as a whole. Nobody for the first.
std::optional<Part> convicted(const HangsByPart& hangs, const Part& part) {
  const auto convicts = [&](const Part& unit) {
    const auto found = hangs.find(unit);
    return found != hangs.end() && found->second.convicts();
  };
  for (const Part& unit : part.units()) {
    if (convicts(unit)) return unit;
  }
  if (part.is_pair() && convicts(part.unit())) return part.unit();
  return std::nullopt;
}

void observe_hangs(const Case& c, std::vector<Observation>& seen) {
  const HangsByPart hangs = hangs_of(c.run);
  for (Observation& observation : seen) {
    if (observation.code != codes::step_timeout && observation.code != codes::rank_missing) continue;
    if (const auto part = convicted(hangs, observation.part))
      observation.because.emplace_back(codes::device_hung, *part);
  }
  for (const auto& [part, of_part] : hangs) {
    if (convicted(hangs, part) != part) continue;
    for (const Step* step : of_part.steps) {
      Observation observation;
      observation.code = codes::device_hung;
      observation.severity = c.severity_of(c.class_of(codes::device_hung));
      observation.check = step->check;
      observation.step_part = step->part;
      observation.part = observation.evidence.part = part;
      observation.evidence.step = step->id;
      observation.evidence.detail =
          phrase("{} hung while its peers finished", "{} 挂死，而其他 GPU 均已完成", step->id);
      seen.push_back(std::move(observation));
    }
  }
}

}  // namespace

void observe_errors(const Case& c, std::vector<Observation>& seen, std::vector<Phrase>& notes) {
  for (const Step& step : c.run.steps) {
    for (const Error& error : step.errors) {
      if (error.symptom == codes::interrupted && is_made_up_for(c, step)) {
        notes.push_back(phrase("{} was interrupted and made up for by a later attempt",
                               "{} 被中断，已由后续尝试补做", step.id));
        continue;
      }
      Observation observation = about(c, error, step.part);
      observation.check = step.check;
      observation.step_part = step.part;
      observation.evidence.step = step.id;
      seen.push_back(std::move(observation));
    }
  }
  const bool all_ran = std::none_of(seen.begin(), seen.end(),
                                    [](const Observation& o) { return o.code == codes::check_not_run; });
  for (const Error& error : c.run.errors) {
    if (error.symptom == codes::interrupted && all_ran) {
      notes.push_back({"the run was interrupted and went on to its end", "运行曾被中断，随后继续至结束"});
      continue;
    }
    seen.push_back(about(c, error, "node"));
  }
  observe_hangs(c, seen);
}

}  // namespace assay::verdict
