#include "kernels/host_copies/host_copies.h"

#include "kernels/target.h"

namespace assay::pcie {

ASSAY_FOR_BOTH_TARGETS(std::unique_ptr<HostCopies> make_host_copies(Gpu&, Host&, int, std::uint64_t,
                                                                    std::uint64_t);
                       std::vector<double> copy_together(const std::vector<HostCopies*>&, Way, int))

Work work_of(Way way, std::uint64_t bytes) {
  const auto amount = static_cast<double>(bytes);
  Work work;
  if (way != Way::to_host) work.add(WorkKind::host_to_device, amount).add(WorkKind::host_memory, amount);
  if (way != Way::to_device) work.add(WorkKind::device_to_host, amount).add(WorkKind::host_written, amount);
  return work;
}

Work work_of_look(std::uint64_t bytes) {
  return Work(WorkKind::read, static_cast<double>(bytes)).add(WorkKind::write, static_cast<double>(bytes));
}

std::unique_ptr<HostCopies> make_host_copies(Gpu& gpu, Host& host, int numa_node, std::uint64_t bytes,
                                             std::uint64_t seed) {
  return ASSAY_OF_TARGET(gpu, make_host_copies)(gpu, host, numa_node, bytes, seed);
}

std::vector<double> copy_together(Gpu& gpu, const std::vector<HostCopies*>& all, Way way, int copies) {
  return ASSAY_OF_TARGET(gpu, copy_together)(all, way, copies);
}

}  // namespace assay::pcie
