// A recommender's inference, DLRM's kind (model.h): random rows of tables as large as the memory that is
// offered has room for, their sums and products by pairs, and two nets whose layers NVIDIA's library
// multiplies.
#pragma once

#include <memory>
#include <vector>

#include "harness/node/cublaslt_client.h"
#include "harness/node/gpu.h"
#include "kernels/workloads/recommender/model.h"
#include "kernels/workloads/workload.h"

namespace assay::workloads {

/// Throws DeviceError.
std::unique_ptr<Workload> make_recommender(Gpu& gpu, const CublasLt& library, std::uint64_t seed);

/// On the card, with tables of all rows, or half of them, or a quarter, ...: as many as take most of so many
/// bytes.
Model model_on_card(std::uint64_t seed, double free_bytes);
/// A few rows a table, in buffers of so many words.
Model model_under_emulation(std::uint64_t seed, std::uint64_t words);

double bytes_of_tables(const Model& model);
/// With what else a repetition needs.
double held_bytes_of(const Model& model);

struct RecommenderWork {
  Work look_up, interact, score, check;
  Work layers[kLayers];  // products
  Work activations[kLayers];
};
RecommenderWork work_of_recommender(const Model& on_card);
/// Of a repetition, one after the other.
std::vector<Work> launches_of(const RecommenderWork& work);

}  // namespace assay::workloads
