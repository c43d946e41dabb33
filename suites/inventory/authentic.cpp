// Whether the GPU is what its label says: by what the silicon shows of itself to CUDA, which no label and no
// firmware string changes. How fast it is, compute.gemm and memory.bandwidth measure.
#include "harness/check.h"
#include "suites/culprits.h"
#include "suites/known_products.h"

namespace assay {
namespace {

constexpr double kBytesPerMib = 1 << 20, kMibPerGib = 1024;

void run(Context& context) {
  Gpu& gpu = context.gpu();
  const double l2_mib = static_cast<double>(gpu.l2_bytes()) / kBytesPerMib;
  const double memory_mib = static_cast<double>(gpu.memory().total_bytes) / kBytesPerMib;
  context.measure("multiprocessors", gpu.multiprocessors(), Unit::count);
  context.measure("l2", l2_mib, Unit::mebibytes);
  context.measure("memory", memory_mib, Unit::mebibytes);
  const Phrase product = looks_like({gpu.multiprocessors(), l2_mib, memory_mib / kMibPerGib});
  name_culprits(context, context.part(), {product});
}

const Registered inventory_authentic{{
    .name = "inventory.authentic",
    .summary = "The GPU's silicon is that of the product on its label",
    .scope = Scope::gpu,
    .measures =
        {
            {"multiprocessors", Unit::count, "streaming multiprocessors that CUDA has", ""},
            {"l2", Unit::mebibytes, "last-level cache that CUDA has", ""},
            {"memory", Unit::mebibytes, "memory that CUDA has", ""},
            {.name = kCulprit, .unit = Unit::text, .meaning = "which product has as much", .judged = false},
            {.name = kCulpritInChinese,
             .unit = Unit::text,
             .meaning = "the same in Chinese",
             .judged = false},
        },
    .findings = {"inventory.not_authentic"},
    .run = run,
    .detects =
        "another product under the label: an H100 or H20 sold as an H200, one with multiprocessors, cache or "
        "memory switched off",
    .misses =
        "a card that is slower by its firmware: its clocks and limits are in inventory.gpus, its rates in "
        "compute.gemm and memory.bandwidth",
}};

}  // namespace
}  // namespace assay
