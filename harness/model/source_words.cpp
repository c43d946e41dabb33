#include "harness/model/source_words.h"

namespace assay {
namespace {

struct Words {
  std::string_view english, chinese;
};

// Of the limits in configs/skus, suites/selftest and sites.
constexpr Words kWords[] = {
    {"GPUs of one make find the same bits on the same data", "同型号 GPU 对相同数据得到逐位相同的结果"},
    {"GPUs of one make find the same bits on the same data by the same algorithms",
     "同型号 GPU 用相同算法对相同数据得到逐位相同的结果"},
    {"GPUs of one make find the same bits on the same data by the same kernels",
     "同型号 GPU 用相同核函数对相同数据得到逐位相同的结果"},
    {"a collective ends", "集合通信必须结束"},
    {"a port of a node that nobody works at stays as it is", "无人使用的节点，其端口应保持不变"},
    {"a site's file says how many ports there are to be (--site, [network]); a SKU of GPUs does not know",
     "网口数量由站点文件（--site，[network]）给出，GPU 的 SKU 无从得知"},
    {"all that the check has", "该测试项的全部内容"},
    {"as for each GPU in a virtual machine", "与虚拟机中的单块 GPU 相同"},
    {"as of a GPU", "与 GPU 相同"},
    {"as on bare metal", "与物理机相同"},
    {"eight channels of DDR5-4800 on a socket, by their pins", "每插槽八通道 DDR5-4800，按引脚速率计算"},
    {"exact data: nothing but what lies there may arrive", "精确数据：到达的只能是原处的内容"},
    {"exact data: nothing but what was sent can arrive", "精确数据：到达的只能是发送的内容"},
    {"exact data: nothing but what was sent may arrive", "精确数据：到达的只能是发送的内容"},
    {"exact data: nothing but what was written can be read", "精确数据：读回的只能是写入的内容"},
    {"exact data: one right result in any order of addition", "精确数据：无论加法顺序，只有一个正确结果"},
    {"exact data: one value alone is right, in any order of addition",
     "精确数据：无论加法顺序，只有一个正确值"},
    {"halves of a node do the same at the same time", "节点的两半同时做同样的工作"},
    {"none published for Hopper: set by this project", "无 Hopper 的公开数据，由本项目设定"},
    {"none published for the H200: set by this project", "无 H200 的公开数据，由本项目设定"},
    {"none published: set by this project", "无公开数据，由本项目设定"},
    {"nothing in the job depends on order or chance: the same work on the same data comes to the same bits",
     "作业不依赖顺序或随机性：相同工作、相同数据得到逐位相同的结果"},
    {"one firmware bundle brings all NVSwitches of a baseboard to one version",
     "同一固件包使 GPU 基板上所有 NVSwitch 版本一致"},
    {"products and sums of whole numbers within the format: one right result",
     "格式范围内整数的积与和只有一个正确结果"},
    {"servers of this kind are filled alike: every controller has as much memory as the others",
     "此类服务器内存均匀配置：每个控制器容量相同"},
    {"shown; a site that needs direct traffic sets 0 ([peer_traffic])",
     "仅显示；需要直接互访的站点设为 0（[peer_traffic]）"},
    {"sums of whole numbers, worked out from the same data by other instructions in another order",
     "由相同数据以其他指令、其他顺序算出的整数之和"},
    {"the same data by the same algorithm have one result", "同样的数据按同样的算法只有一个结果"},
    {"the same operands by the same algorithm have one product", "同样的操作数按同样的算法只有一个乘积"},
    {"the same steps from the same weights on the same tokens: nothing in them depends on order",
     "相同权重、相同 token 的相同步骤，不依赖顺序"},
    {"the same work on the same data, without atomics on floating-point numbers",
     "相同工作、相同数据，且无浮点原子操作"},
    {"the same work on the same data: every multiprocessor finds the same bits",
     "相同工作、相同数据：每个流式多处理器得到逐位相同的结果"},
    {"the version whose header and documentation the client was written by",
     "客户端所依据的头文件与文档的版本"},
    {"this SKU's own slots", "该 SKU 自身的槽位"},
    {"this SKU's rates hold for memory and transfers that are not encrypted",
     "该 SKU 的速率以显存与传输未加密为前提"},
    {"this project: as of faults_before", "本项目：与 faults_before 相同"},
    {"this project: what a GPU in service has been reset for is noted in the report, and not held against it "
     "twice",
     "本项目：在役 GPU 曾因此复位的事件记入报告，不再重复追究"},
    {"this project: without the kernel's log no Xid is seen", "本项目：没有内核日志就看不到 Xid"},
    {"what all ports of several cards have in common is at the other end of their cables",
     "多块网卡所有端口的共同点在线缆的另一端"},
    {"what all receive alike is alike", "各方收到的相同内容应当一致"},
    {"what is forced is what is tested", "强制的内容即被测内容"},
    {"whole numbers have one sum, in whatever order the library adds them up",
     "无论库以何种顺序相加，整数之和只有一个"},
    {"whole numbers that arithmetic leaves one value", "整数运算只有一个正确值"},
    {"whole numbers whose sums each format holds exactly", "各格式都能精确表示其和的整数"},
    {"none published: set by this project. At its highest clock an H200 would make 0.51 (int8) to 0.9 of its "
     "peak (reports/evidence/2026-11-26-h200), and an H20 at most 0.15, an H800 0.02 in fp64",
     "无公开数据，由本项目设定。在最高时钟下，H200 可达峰值的 0.51（int8）至 "
     "0.9（reports/evidence/2026-11-26-h200），H20 最高 0.15，H800 的 fp64 为 0.02"},
    {"none published: set by this project. NVIDIA's own threshold is a flag, and is judged by itself",
     "无公开数据，由本项目设定。NVIDIA 自身的阈值是一个标志，另行判定"},
    {"the site's file, [firmware]", "站点文件，[firmware]"},
    {"the site's file, [network]", "站点文件，[network]"},
    {"the site's file, [peer_traffic]", "站点文件，[peer_traffic]"},
};

/// A whole sentence, or one with its date behind: half of one in each language is worse than one in English.
bool ends_there(std::string_view text, std::size_t at) {
  return at == text.size() || text.substr(at, 3) == ", 2";
}

}  // namespace

std::string source_in(std::string_view source, std::string_view language) {
  const Words* longest = nullptr;
  for (const Words& words : kWords) {
    const bool begins = source.substr(0, words.english.size()) == words.english;
    if (!begins || !ends_there(source, words.english.size())) continue;
    if (longest == nullptr || words.english.size() > longest->english.size()) longest = &words;
  }
  if (language != "zh-CN" || longest == nullptr) return std::string(source);
  return std::string(longest->chinese).append(source.substr(longest->english.size()));
}

}  // namespace assay
