#include "kernels/workloads/recommender/recommender.h"

#include <algorithm>
#include <cmath>

#include "kernels/target.h"

namespace assay::workloads {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<Workload> make_recommender(Gpu&, const CublasLt&, std::uint64_t))

namespace {

/// Of the memory that is offered, the tables'.
constexpr double kMostOfMemory = 0.8;

void lay_out(Model& model, const std::uint32_t (&rows)[kTables], std::uint32_t most_look_ups) {
  for (unsigned table = 0; table < kTables; ++table) {
    model.first_row[table + 1] = model.first_row[table] + rows[table];
    model.look_ups += std::min(kLookUpsOfTables[table], most_look_ups);
    model.first_look_up[table + 1] = model.look_ups;
    const unsigned last = model.look_ups - 1;
    model.last_of_table[last / 64] |= std::uint64_t{1} << (last % 64);
  }
}

/// Tables that are read from the memory: a row of a smaller one is nearly always in the cache. At half of the
/// rows, and less, fewer of them are; the estimate stays with all.
constexpr std::uint32_t kRowsBeyondCache = 100'000;

/// The memory has 512 bytes of single rows from all over it at some 75 % of its rate.
constexpr double kShareOfRate = 0.75;

Work work_of_look_ups(const Model& model) {
  double from_memory = 0;
  for (unsigned table = 0; table < kTables; ++table)
    from_memory += kRowsOfTables[table] > kRowsBeyondCache ? kLookUpsOfTables[table] : 0;
  const double samples = model.samples;
  Work work(WorkKind::read,
            samples * (from_memory * kDimensions * sizeof(float) / kShareOfRate + 4.0 * model.look_ups));
  work.add(WorkKind::write, samples * kTables * kDimensions);
  work.add(WorkKind::instructions, samples * kWordsOfRow * (14.0 * model.look_ups + 60.0 * kTables));
  return work;
}

Work work_of_interaction(const Model& model) {
  const double samples = model.samples;
  Work work(WorkKind::read, samples * (kTables * kDimensions + 2 * kDimensions));
  work.add(WorkKind::write, samples * 2 * kFeatures);
  work.add(WorkKind::instructions, samples * kPairs * 80);
  return work;
}

/// Bytes that are read, and as many again where they are changed.
Work work_of_activations(const Model& model, const NetLayer& layer, bool changed) {
  const double values = static_cast<double>(model.samples) * layer.out;
  Work work(WorkKind::read, 2 * values);
  if (changed) work.add(WorkKind::write, 2 * values);
  work.add(WorkKind::instructions, 12 * values);
  return work;
}

Work work_of_check(const Model& model) {
  double products = 0;
  for (const NetLayer& layer : model.layers) products += static_cast<double>(layer.in) * layer.out;
  const double samples = static_cast<double>(model.samples) / model.checked_every;
  return {WorkKind::instructions, samples * (20.0 * model.look_ups * kWordsOfRow + products)};
}

}  // namespace

Model model_on_card(std::uint64_t seed, double free_bytes) {
  Model model{
      .seed = seed,
      .samples = 65'536,
      .checked_every = 128,
      .look_ups = 0,
      .layers = {{16, 512}, {512, 256}, {256, 128}, {512, 1024}, {1024, 1024}, {1024, 512}, {512, 256}},
      .first_row = {},
      .first_look_up = {},
      .last_of_table = {}};
  std::uint32_t rows[kTables];
  double bytes = 0;
  for (unsigned halvings = 0; halvings < 32; ++halvings) {
    bytes = 0;
    for (unsigned table = 0; table < kTables; ++table) {
      rows[table] = std::max(1u, kRowsOfTables[table] >> halvings);
      bytes += static_cast<double>(rows[table]) * kDimensions * sizeof(float);
    }
    if (bytes <= kMostOfMemory * free_bytes) break;
  }
  lay_out(model, rows, ~0u);
  return model;
}

Model model_under_emulation(std::uint64_t seed, std::uint64_t words) {
  constexpr std::uint32_t kMostRows = 4, kMostLookUps = 3;
  Model model{.seed = seed,
              .samples = 8,
              .checked_every = 4,
              .look_ups = 0,
              .layers = {{16, 32}, {32, 32}, {32, 128}, {512, 32}, {32, 32}, {32, 32}, {32, 32}},
              .first_row = {},
              .first_look_up = {},
              .last_of_table = {}};
  std::uint32_t rows[kTables];
  const auto room =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(kMostRows, words / kWordsOfRow / kTables));
  std::fill(std::begin(rows), std::end(rows), std::max(1u, room));
  lay_out(model, rows, kMostLookUps);
  return model;
}

double bytes_of_tables(const Model& model) {
  return static_cast<double>(model.first_row[kTables]) * kDimensions * sizeof(float);
}

double held_bytes_of(const Model& model) {
  const double of_a_sample = 4.0 * model.look_ups + kVectors * kDimensions + 2 * kFeatures + 4 * kWidest;
  return bytes_of_tables(model) + model.samples * of_a_sample;
}

RecommenderWork work_of_recommender(const Model& on_card) {
  RecommenderWork work;
  work.look_up = work_of_look_ups(on_card);
  work.interact = work_of_interaction(on_card);
  for (unsigned i = 0; i < kLayers; ++i) {
    const NetLayer& layer = on_card.layers[i];
    work.layers[i] = {WorkKind::bf16, 2.0 * on_card.samples * layer.in * layer.out};
    work.activations[i] = work_of_activations(on_card, layer, true);
  }
  work.score = work_of_activations(on_card, on_card.layers[kLayers - 1], false);
  work.check = work_of_check(on_card);
  return work;
}

std::vector<Work> launches_of(const RecommenderWork& work) {
  std::vector<Work> all{work.look_up, work.interact, work.score, work.check};
  all.insert(all.end(), std::begin(work.layers), std::end(work.layers));
  all.insert(all.end(), std::begin(work.activations), std::end(work.activations));
  return all;
}

std::unique_ptr<Workload> make_recommender(Gpu& gpu, const CublasLt& library, std::uint64_t seed) {
  return ASSAY_OF_TARGET(gpu, make_recommender)(gpu, library, seed);
}

}  // namespace assay::workloads
