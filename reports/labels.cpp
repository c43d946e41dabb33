#include "reports/labels.h"

#include <array>
#include <cstddef>
#include <iterator>

namespace assay::reports {
namespace {

struct Entry {
  Label label;
  const char* english;
  const char* chinese;
};

constexpr std::array<Entry, static_cast<std::size_t>(Label::count)> kEntries{{
    {Label::title, "Node acceptance test report", "节点验收测试报告"},
    {Label::simulated, "SIMULATED", "SIMULATED 模拟"},
    {Label::simulated_sentence, "A simulated run is never an acceptance.", "模拟测试，不作为验收依据。"},
    {Label::verdict, "VERDICT", "结论"},
    {Label::accept_word, "ACCEPT", "接收（ACCEPT）"},
    {Label::reject_word, "REJECT", "拒收（REJECT）"},
    {Label::inconclusive_word, "INCONCLUSIVE", "未能判定（INCONCLUSIVE）"},
    {Label::accept_meaning, "Every required check passed on every slot.",
     "接收：所有槽位的全部必需检查均已通过。"},
    {Label::accept_waived_meaning, "Every required check passed, but for what a waiver covers: listed below.",
     "接收：全部必需检查均已通过，豁免项除外（见下）。"},
    {Label::reject_meaning, "The node must not join the cluster. See what to do now.",
     "拒收：该节点不得加入集群。请按“现在该做什么”处理。"},
    {Label::inconclusive_meaning,
     "Not decided: something required was not measured, or could not be trusted.",
     "无法判定：有必需的测量未完成，或结果不可信。"},
    {Label::partial, "PARTIAL RUN ({})", "部分运行（{}）"},
    {Label::bench, "BENCH SKU, NOT CERTIFIABLE", "测试台 SKU，不可用于验收"},
    {Label::functional_only, "FUNCTIONAL ONLY", "仅验证功能"},
    {Label::functional_only_sentence,
     "functional only: {} NCCL ranks share one GPU; their speed means nothing",
     "仅验证功能：{} 个 NCCL rank 共用一块 GPU，其速度无意义"},
    {Label::own_configuration, "OWN CONFIGURATION", "自定义配置"},
    {Label::unfinished, "The run has not ended: its records have no final entry.",
     "运行尚未结束：记录缺少结束条目。"},
    {Label::torn, "The last record was incomplete and was left out.", "最后一条记录不完整，已略去。"},
    {Label::identity, "Identification", "基本信息"},
    {Label::provenance, "How this report came about", "报告依据"},
    {Label::node, "Node", "节点"},
    {Label::sku, "SKU", "SKU"},
    {Label::profile, "Profile", "测试方案"},
    {Label::started, "Started", "开始时间"},
    {Label::ended, "Ended", "结束时间"},
    {Label::driver, "Driver", "驱动版本"},
    {Label::version, "Assay version", "Assay 版本"},
    {Label::plan_hash, "Plan", "计划哈希"},
    {Label::criteria_hash, "Criteria", "判定标准哈希"},
    {Label::command_line, "Command line", "命令行"},
    {Label::seed, "Seed", "随机种子"},
    {Label::planted_faults, "Planted faults", "注入的故障"},
    {Label::run_folder, "Run folder", "运行目录"},
    {Label::report_file, "Report", "报告文件"},
    {Label::what_to_do, "What to do now", "现在该做什么"},
    {Label::nothing_to_do, "Nothing: no part is at fault.", "无需处理：没有部件有问题。"},
    {Label::all_gpus, "all {} GPUs", "全部 {} 个 GPU"},
    {Label::same_on_all_gpus,
     "{0} of {0} GPUs alike: suspect what they share first - the limit, the room's cooling and power, the "
     "driver - "
     "and the parts only then.",
     "{0} 个 GPU 全部如此：先查其共同因素（限值、机房散热与供电、驱动），再怀疑部件本身。"},
    {Label::next_step_of_all_gpus,
     "Compare the limit below with the SKU and with what other nodes of the kind reach; look at the room's "
     "cooling and power and "
     "at the driver. Mend what is wrong and run again. Return nothing before that.",
     "将下列限值与 SKU "
     "及同类节点的实测值比对；检查机房散热与供电、驱动。修正后重新运行，在此之前不要返修（RMA）任何部件。"},
    {Label::alike_on_all_gpus,
     "{0} of {0} GPUs alike: it is how they were delivered or set up, not one of them.",
     "{0} 个 GPU 全部如此：属于交付或配置问题，而非个别部件。"},
    {Label::each_in_full, "each in full", "逐项详情"},
    {Label::and_more, "... and {} more: see report.html", "……另有 {} 条，见 report.html"},
    {Label::see_notes, "No part is accused. The notes say why the run is not an acceptance.",
     "没有部件被判定有问题。备注说明了本次运行为何不能作为验收。"},
    {Label::marginal_findings, "Marginal: accepted and watched", "临界项：接收并持续观察"},
    {Label::waived_findings, "Waived", "已豁免"},
    {Label::part, "Part", "部件"},
    {Label::serial, "Serial", "序列号"},
    {Label::slot, "Slot", "槽位"},
    {Label::module_id, "Module id", "Module ID"},
    {Label::pci_address, "PCI address", "PCI 地址"},
    {Label::name, "Name", "名称"},
    {Label::part_number, "Part number", "部件号"},
    {Label::uuid, "UUID", "UUID"},
    {Label::location, "Location", "位置"},
    {Label::action, "Action", "措施"},
    {Label::next_step, "Next step", "下一步"},
    {Label::evidence, "Evidence", "证据"},
    {Label::step, "Step", "步骤"},
    {Label::measurement, "Measurement", "测量项"},
    {Label::value, "Value", "测量值"},
    {Label::limit, "Limit", "限值"},
    {Label::inline_limit, "limit", "限值"},
    {Label::inline_source, "source", "来源"},
    {Label::unit, "Unit", "单位"},
    {Label::source, "Source", "来源"},
    {Label::detail, "Detail", "说明"},
    {Label::consequences, "Consequences", "连带现象"},
    {Label::consequences_none_accused, "explained by this finding; no other part is accused",
     "由本问题引起，不判定其他部件故障"},
    {Label::raw_evidence_title, "Raw evidence", "原始证据"},
    {Label::raw_evidence_below, "Raw evidence: at the end of this report.", "原始证据：见报告末尾。"},
    {Label::severity_fail, "FAIL", "不合格"},
    {Label::severity_inconclusive, "INCONCLUSIVE", "无法判定"},
    {Label::severity_marginal, "MARGINAL", "临界"},
    {Label::severity_waived, "WAIVED", "已豁免"},
    {Label::checks_by_part, "Checks", "检查结果"},
    {Label::between_gpus, "Between the GPUs", "GPU 之间"},
    {Label::between_gpus_legend,
     "A row sends, a column receives. Pale is as good as the middle of all; the darker, the worse, up to "
     "half as "
     "good.",
     "行为发送方，列为接收方。浅色表示不差于全体中位数，颜色越深越差，最深为一半或更差。"},
    {Label::between_gpus_as_tables, "The same as tables", "以表格查看"},
    {Label::from_to, "From \\ to", "发送 \\ 接收"},
    {Label::key_measurements, "Key measurements", "关键测量值"},
    {Label::measurements, "Measurements", "测量值"},
    {Label::stage_attempt, "stage {}, attempt {}", "阶段 {}，第 {} 次尝试"},
    {Label::mark_outside, "outside the limit", "超出限值"},
    {Label::mark_marginal, "marginal", "临界"},
    {Label::mark_missing, "missing", "缺失"},
    {Label::legend, "Marks", "标记"},
    {Label::all_parts, "{}, the same on all", "{}，全部相同"},
    {Label::telemetry, "Telemetry", "遥测"},
    {Label::telemetry_zero, "Zero on all of them", "全部为零"},
    {Label::capability, "Capability as measured", "实测能力说明"},
    {Label::capability_of, "Of", "项目"},
    {Label::capability_least, "Slowest GPU", "最慢 GPU"},
    {Label::capability_most, "Fastest GPU", "最快 GPU"},
    {Label::capability_figures,
     "{} by its datasheet: {} x 10^12 dense operations a second at {} bits; total processing performance (2 "
     "x MacTOPS "
     "x bit length) {} a GPU; {} GB/s of memory. Source: {}.",
     "{}（数据手册）：稠密算力 {} x 10^12 次/秒，位宽 {}；总处理性能 TPP（2 x MacTOPS x 位宽）每 GPU "
     "{}；显存带宽 {} GB/s。来源：{}。"},
    {Label::capability_sentence,
     "Measured rates are of dense products on data without structure. They bound what the part can do from "
     "below and "
     "confirm what it is; they cannot show that it could do no more. This is a measurement and no legal "
     "finding.",
     "实测速率为无结构数据上的稠密矩阵乘。实测值是部件能力的下限并可用于确认型号，不能证明其能力上限。本说明"
     "是测量结果，不是法律结论。"},
    {Label::inventory, "Inventory", "部件清单"},
    {Label::not_found, "NOT FOUND", "未找到"},
    {Label::steps, "Steps", "测试步骤"},
    {Label::check, "Check", "检查项"},
    {Label::status, "Status", "状态"},
    {Label::attempt, "Attempt", "尝试次数"},
    {Label::errors, "Errors", "错误"},
    {Label::run_errors, "Errors of the run as a whole", "整个运行的错误"},
    {Label::limits, "Limits", "限值表"},
    {Label::relation, "Relation", "关系"},
    {Label::marginal_band, "Marginal up to", "临界边界"},
    {Label::reason, "Reason", "理由"},
    {Label::peak, "Peak", "峰值"},
    {Label::date, "Date", "日期"},
    {Label::waivers, "Waivers", "豁免"},
    {Label::waiver_who, "Granted by", "批准人"},
    {Label::waiver_expires, "Expires", "有效期至"},
    {Label::finding, "Finding", "问题代码"},
    {Label::any, "any", "任意"},
    {Label::notes, "Notes", "备注"},
    {Label::none, "None.", "无。"},
    {Label::cell_not_planned, "-", "-"},
    {Label::cell_not_run, "NOT RUN", "未运行"},
    {Label::cell_open, "OPEN", "未结束"},
    {Label::cell_pass, "pass", "通过"},
    {Label::cell_fail, "FAIL", "不合格"},
    {Label::cell_undecided, "UNDECIDED", "未判定"},
    {Label::cell_error, "ERROR", "出错"},
    {Label::cell_skip, "SKIP", "跳过"},
    {Label::cell_not_applicable, "n/a", "不适用"},
    {Label::status_open, "not ended", "未结束"},
    {Label::status_complete, "complete", "完成"},
    {Label::status_error, "error", "出错"},
    {Label::status_skip, "skipped", "跳过"},
    {Label::relation_min, ">=", "≥"},
    {Label::relation_max, "<=", "≤"},
    {Label::relation_equal, "=", "="},
    {Label::relation_one_of, "one of", "为以下之一："},
    {Label::relation_peer_equal, "equal on all GPUs", "所有 GPU 一致"},
    {Label::relation_peer_ratio, "ratio to the median of the other GPUs >=", "与其余 GPU 中位数之比 ≥"},
    {Label::relation_peer_excess, "above the median of the other GPUs by <=", "高出其余 GPU 中位数 ≤"},
    {Label::of_other_gpus, "(from the other GPUs)", "（由其余 GPU 得出）"},
    {Label::action_none, "none", "无"},
    {Label::action_rerun, "run again", "重新运行"},
    {Label::action_fix_environment, "mend the environment", "排除环境问题"},
    {Label::action_reset, "reset, then test again", "复位后复测"},
    {Label::action_power_cycle, "power off and on, then test again", "断电重启后复测"},
    {Label::action_reseat, "reseat, then test again", "重新安装该部件后复测"},
    {Label::action_reseat_module, "reseat the SXM module, then test again", "重新安装 SXM 模组后复测"},
    {Label::action_swap_test, "swap test", "对调测试"},
    {Label::action_field_diagnostics, "run the vendor's field diagnostics", "运行厂商现场诊断"},
    {Label::action_return, "return the part", "部件返修（RMA）"},
    {Label::if_it_comes_again, "; if it comes again: ", "；若再次出现："},
    {Label::then, ", then ", "，其后"},
    {Label::colon, ": ", "："},
    {Label::list_comma, ", ", "，"},
}};

constexpr bool entries_in_order() {
  for (std::size_t i = 0; i < kEntries.size(); ++i) {
    if (static_cast<std::size_t>(kEntries[i].label) != i || kEntries[i].chinese == nullptr) return false;
  }
  return true;
}
static_assert(entries_in_order(), "every label once, in the order of the enumeration, in both languages");

}  // namespace

std::string Labels::operator()(Label label) const {
  const Entry& entry = kEntries.at(static_cast<std::size_t>(label));
  return chinese_ ? entry.chinese : entry.english;
}

std::string Labels::pick(const std::map<std::string, std::string>& texts) const {
  for (const char* language : {chinese_ ? "zh-CN" : "en", "en"}) {
    const auto found = texts.find(language);
    if (found != texts.end() && !found->second.empty()) return found->second;
  }
  return {};
}

std::string name_of(const Labels& labels, Severity severity) {
  switch (severity) {
    case Severity::fail:
      return labels(Label::severity_fail);
    case Severity::inconclusive:
      return labels(Label::severity_inconclusive);
    case Severity::marginal:
      return labels(Label::severity_marginal);
    case Severity::waived:
      return labels(Label::severity_waived);
  }
  return {};
}

std::string name_of(const Labels& labels, Status status) {
  switch (status) {
    case Status::open:
      return labels(Label::status_open);
    case Status::complete:
      return labels(Label::status_complete);
    case Status::error:
      return labels(Label::status_error);
    case Status::skip:
      return labels(Label::status_skip);
  }
  return {};
}

std::string name_of(const Labels& labels, Action action) {
  switch (action) {
    case Action::none:
      return labels(Label::action_none);
    case Action::rerun:
      return labels(Label::action_rerun);
    case Action::fix_environment:
      return labels(Label::action_fix_environment);
    case Action::reset:
      return labels(Label::action_reset);
    case Action::power_cycle:
      return labels(Label::action_power_cycle);
    case Action::reseat:
      return labels(Label::action_reseat);
    case Action::swap_test:
      return labels(Label::action_swap_test);
    case Action::field_diagnostics:
      return labels(Label::action_field_diagnostics);
    case Action::return_part:
      return labels(Label::action_return);
  }
  return {};
}

std::string actions_text(const Labels& labels, const Part& part, const std::vector<Action>& actions) {
  std::string text;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    if (i > 0) text += labels(i == 1 ? Label::if_it_comes_again : Label::then);
    const bool of_module = actions[i] == Action::reseat && part.unit().gpu_slot();
    text += of_module ? labels(Label::action_reseat_module) : name_of(labels, actions[i]);
  }
  return text;
}

std::string headline_in(const Labels& labels, const Judgement& judgement) {
  constexpr Label kWords[] = {Label::accept_word, Label::reject_word, Label::inconclusive_word};
  constexpr Verdict kVerdicts[] = {Verdict::accept, Verdict::reject, Verdict::inconclusive};
  std::string text = headline(judgement);
  for (std::size_t i = 0; i < std::size(kVerdicts); ++i) {
    if (judgement.verdict == kVerdicts[i])
      text.replace(0, name_of(judgement.verdict).size(), labels(kWords[i]));
  }
  return text;
}

std::string meaning_of(const Labels& labels, const Judgement& judgement) {
  switch (judgement.verdict) {
    case Verdict::accept:
      return labels(judgement.waived > 0 ? Label::accept_waived_meaning : Label::accept_meaning);
    case Verdict::reject:
      return labels(Label::reject_meaning);
    case Verdict::inconclusive:
      return labels(Label::inconclusive_meaning);
  }
  return {};
}

std::string relation_text(const Labels& labels, std::string_view relation) {
  if (relation == "min") return labels(Label::relation_min);
  if (relation == "max") return labels(Label::relation_max);
  if (relation == "equal") return labels(Label::relation_equal);
  if (relation == "one_of") return labels(Label::relation_one_of);
  if (relation == "peer_equal") return labels(Label::relation_peer_equal);
  if (relation == "peer_ratio") return labels(Label::relation_peer_ratio);
  if (relation == "peer_excess") return labels(Label::relation_peer_excess);
  return std::string(relation);
}

}  // namespace assay::reports
