# Which folder may include which, from the bottom up: a folder may include itself and those that it USES. One
# target a folder. tests/layers_test.cpp reads this table, holds every #include to it, and harness/README.md to
# saying the same. A layer with .h in its name is that one header with its source, not a folder.
#
# Tests and benchmarks may include more: they stand beside what they test and build what they need.

assay_layer(base)
assay_layer(model USES base)
assay_layer(registry.h USES model)
assay_layer(ipc USES base)
assay_layer(kernel_log USES ipc model base)
assay_layer(node USES model base)
assay_layer(check.h USES registry.h node model)
assay_layer(record USES model base)
assay_layer(verdict USES model)
assay_layer(config USES registry.h model base)
assay_layer(plan USES config registry.h model)
assay_layer(telemetry USES kernel_log node ipc model base)
assay_layer(run USES check.h telemetry kernel_log record verdict node ipc model base)
assay_layer(node_real USES node base)
assay_layer(node_sim/cuda_emulation USES node model)
assay_layer(node_sim USES node_sim/cuda_emulation config node model base)
assay_layer(node_sim/nvml_library USES node_sim node)
assay_layer(node_sim/cublaslt_library USES node_sim node_sim/cuda_emulation node model)
assay_layer(node_sim/nccl_library USES node_sim node_sim/cuda_emulation node)
assay_layer(reports USES model base)
assay_layer(cli USES reports run plan config telemetry kernel_log record verdict node_real node_sim node ipc registry.h model base)
assay_layer(kernels USES registry.h node_sim/cuda_emulation node node_real model)
assay_layer(suites/selftest USES check.h kernels)
assay_layer(suites USES check.h model kernels)
assay_layer(silicon USES kernels node_real node model)
