#include "reports/testing/sample_run.h"

#include "reports/testing/sample_base.h"

namespace assay::reports::samples {

SampleRun healthy_run() {
  SampleRun sample = base_run();
  Finding slow = finding("memory.slow", FindingClass::performance, Severity::marginal, "memory.bandwidth",
                         "gpu4/hbm", Action::rerun);
  slow.summary = {{"en", "HBM of gpu4 copies at 4099.963 GB/s, close to its limit."},
                  {"zh-CN", "gpu4 的显存拷贝带宽为 4099.963 GB/s，接近限值。"}};
  slow.next_step = {{"en", "Nothing now. The nightly run watches it."},
                    {"zh-CN", "暂不处理，由夜间运行持续观察。"}};
  slow.evidence = {compared("sim-03-memory.bandwidth-gpu4", "copy_bandwidth", Value(4099.963), Value(4100.0),
                            "GB/s", "min", "measured on an H200 SXM: 4.3 TB/s, less 7 %, 2025-11-01")};
  Finding firmware = finding("inventory.mixed_firmware", FindingClass::performance, Severity::waived,
                             "inventory.gpus", "gpu7", Action::none);
  firmware.summary = {{"en", "VBIOS of gpu7 differs from that of the other GPUs."},
                      {"zh-CN", "gpu7 的 VBIOS 与其余 GPU 不一致。"}};
  firmware.next_step = {{"en", "Update the firmware before 2026-03-31."},
                        {"zh-CN", "请在 2026-03-31 之前更新固件。"}};
  firmware.evidence = {compared("sim-00-inventory.gpus-node", "vbios", std::string("96.00.D0.00.02"),
                                std::string("96.00.CF.00.01"), "text", "peer_equal",
                                "one firmware per node, 2025-11-01")};
  sample.judgement.findings = {slow, firmware};
  sample.judgement.waived = 1;
  return sample;
}

SampleRun miscompare_run() {
  SampleRun sample = base_run();
  sample.judgement.verdict = Verdict::reject;
  sample.run.plan.faults = {{"hbm-stuck-bit", "memory.stuck_bit", "gpu3", {{"address", 7232}, {"bit", 17}}}};
  Step& sweep = step(sample, "memory.sweep", "gpu3");
  sweep.measurements[0].value = 17.0;
  sweep.evidence = {{"miscompares",
                     {{"total", 17},
                      {"words",
                       {{{"address", "0x0000000000001c40"},
                         {"expected", "0xaaaaaaaaaaaaaaaa"},
                         {"read", "0xaaaaaaaaaaa8aaaa"},
                         {"pass", 1}},
                        {{"address", "0x0000000000009c40"},
                         {"expected", "0x5555555555555555"},
                         {"read", "0x5555555555575555"},
                         {"pass", 2}}}}}}};
  step(sample, "memory.bandwidth", "gpu3").measurements[0].value = 3999.996;
  sample.run.plan.slots[2].serial = "<script>alert(\"2\")</script>";
  outcome(sample, "memory.sweep", "gpu3").result = Result::fail;
  outcome(sample, "memory.bandwidth", "gpu3").result = Result::fail;

  Finding wrong = finding("memory.miscompare", FindingClass::corruption, Severity::fail, "memory.sweep",
                          "gpu3/hbm", Action::return_part);
  wrong.summary = {{"en", "HBM of gpu3 returned 17 words that were not the ones written."},
                   {"zh-CN", "gpu3 的显存读回的数据中有 17 个字与写入不符。"}};
  wrong.next_step = {
      {"en",
       "Take the node out of service and return the GPU in slot 3, serial 1652923012092, with the failure "
       "pack."},
      {"zh-CN", "将该节点停用，并连同故障资料包退换 3 号槽位的 GPU（序列号 1652923012092）。"}};
  wrong.evidence = {compared("sim-02-memory.sweep-gpu3", "bad_words", 17.0, 0.0, "1", "max",
                             "memory returns what was written, 2025-11-01")};
  wrong.consequences = {
      {"memory.slow", "memory.bandwidth", "gpu3/hbm", "copy_bandwidth 3999.996 GB/s < 4000 GB/s"}};
  Finding message = finding("harness.worker_crashed", FindingClass::incomplete, Severity::inconclusive,
                            "health.memory_errors", "harness", Action::rerun);
  message.summary = {{"en", "A worker ended with <script>alert('message')</script> & \"quotes\"."}};
  message.next_step = {{"en", "Run again."}};
  message.evidence = {told("sim-01-health.memory_errors-gpu2", "gpu2", "exit 3 after \x1b[2J<b>")};
  sample.judgement.findings = {wrong, message};
  return sample;
}

SampleRun crashed_worker_run() {
  SampleRun sample = base_run();
  sample.judgement.verdict = Verdict::inconclusive;
  sample.run.plan.partial = {"--only memory.*"};
  sample.judgement.notes = {"partial run: --only memory.*"};
  const Part part = "gpu5";
  Step& first = step(sample, "memory.sweep", part);
  first.status = Status::error;
  first.measurements.clear();
  first.errors = {{"harness.worker_crashed", "worker of gpu5 ended by signal 11 (Segmentation fault)", part}};
  Step second = first;
  second.id += "-a2";
  second.attempt = 2;
  second.measurements = {measured("gpu5/hbm", "passes", 1.0, "1")};
  const std::string first_id = first.id;
  sample.run.steps.push_back(second);  // `first` is gone
  outcome(sample, "memory.sweep", part) = {"memory.sweep", part, Status::error, Result::not_applicable, 2};
  sample.run.errors = {{"harness.disk_low", "less than 1 GiB left in the run's folder", ""}};

  Finding crash = finding("harness.worker_crashed", FindingClass::incomplete, Severity::inconclusive,
                          "memory.sweep", "harness", Action::rerun);
  crash.summary = {
      {"en", "The worker of memory.sweep on gpu5 ended by a signal: nothing is known about the memory."},
      {"zh-CN", "gpu5 上 memory.sweep 的工作进程被信号终止：显存状况未知。"}};
  crash.next_step = {
      {"en", "Run the check again; send the run's folder to the maintainers if it happens again."},
      {"zh-CN", "请重新运行该检查；若再次发生，请将运行目录发给维护人员。"}};
  crash.evidence = {told(first_id, part, "signal 11 (Segmentation fault)"),
                    told(second.id, part, "signal 11 (Segmentation fault)")};
  sample.judgement.findings = {crash};
  return sample;
}

SampleRun missing_gpu_run() {
  SampleRun sample = base_run(6);
  sample.judgement.verdict = Verdict::reject;
  outcome(sample, "inventory.gpus", "node").result = Result::fail;
  sample.run.closed = false;
  sample.run.torn = true;
  sample.run.ended.clear();
  sample.run.plan.certifiable = false;
  Step& last = step(sample, "memory.bandwidth", "gpu7");
  last.status = Status::open;
  last.ended.clear();
  last.measurements.clear();
  outcome(sample, "memory.bandwidth", "gpu7") = {"memory.bandwidth", "gpu7", Status::open,
                                                 Result::not_applicable, 1};
  Finding absent = finding("inventory.gpu_missing", FindingClass::device_fault, Severity::fail,
                           "inventory.gpus", "gpu6", Action::reseat);
  absent.serial.clear();
  absent.summary = {{"en", "Nothing answers from slot 6 (module id 7)."},
                    {"zh-CN", "6 号槽位（模块号 7）没有 GPU 响应。"}};
  absent.next_step = {{"en", "Power the node off, reseat the GPU in slot 6, and run again."},
                      {"zh-CN", "关闭节点电源，重新插拔 6 号槽位的 GPU，然后重新运行。"}};
  absent.evidence = {compared("sim-00-inventory.gpus-node", "gpu_present", 0.0, 1.0, "1", "equal",
                              "SKU h200-sxm-8, 2025-11-01")};
  absent.consequences = {{"harness.incomplete", "memory.sweep", "gpu6", "no step could run"},
                         {"harness.incomplete", "memory.bandwidth", "gpu6", "no step could run"}};
  sample.judgement.findings = {absent};
  return sample;
}

SampleRun alike_on_all_gpus() {
  SampleRun sample = miscompare_run();
  const Finding one = sample.judgement.findings.at(0);
  sample.judgement.findings.clear();
  for (int gpu = 0; gpu < 8; ++gpu) {
    Finding finding = one;
    finding.part = Part::gpu(gpu).below("hbm");
    finding.cls = FindingClass::performance;
    finding.summary = {{"en", "wrong words on slot " + std::to_string(gpu)}};
    sample.judgement.findings.push_back(finding);
  }
  return sample;
}

}  // namespace assay::reports::samples
