// Where the ranks of a crew meet (rank_exchange.h), and what becomes of those that are left when one is gone
// or does not come.
#pragma once

#include <nlohmann/json.hpp>

#include "harness/run/crew.h"

namespace assay::run {

/// What a worker has brought; once all have, everybody gets everybody's.
void bring_to_exchange(Crew& crew, WorkerHandle& worker, const nlohmann::json& content, StepJournal& journal,
                       NodeSession& node);
/// The others wait for them in vain.
void stop_who_has_not_come(Crew& crew);
/// One has ended before its work was done: those that are left wait in vain, and say what they know of it
/// where they can.
void lose_one(Crew& crew);
/// What is known of what is wrong is said by then.
void limit_last_words(Crew& crew);
/// As victims of one that is gone.
void stop_all(const Crew& crew);

/// "rank 2: ", where its GPU is no name for it.
std::string name_of_rank(const Assignment& of_its_crew, std::size_t rank);

/// One that has died, or reads nothing, is told nothing: its reaping or its deadline tells.
void send(WorkerHandle& worker, const nlohmann::json& message);

}  // namespace assay::run
