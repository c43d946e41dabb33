#include "harness/kernel_log/pci_text.h"

#include <fmt/format.h>

namespace assay::kernel_log {

std::optional<std::string> take_pci_address(Scanner& scanner) {
  constexpr std::size_t kDomainDigits = 8, kBusDigits = 2;
  Scanner ahead = scanner;
  const auto hexadecimal = [&](std::size_t most) { return ahead.number<unsigned>(most, 16); };
  const auto first = hexadecimal(kDomainDigits);
  if (!first || !ahead.skip(':')) return std::nullopt;
  auto domain = first, bus = hexadecimal(kBusDigits);
  if (!bus) return std::nullopt;
  std::optional<unsigned> device;
  if (ahead.skip(':')) {
    device = hexadecimal(kBusDigits);
  } else {  // no domain
    if (*first > 0xff) return std::nullopt;
    device = bus;
    bus = first;
    domain = 0;
  }
  if (!device) return std::nullopt;
  unsigned function = 0;
  Scanner behind = ahead;
  if (behind.skip('.')) {
    const auto said = behind.number<unsigned>(1);
    if (said && *said < 8) {
      function = *said;
      ahead = behind;
    }
  }
  scanner = ahead;
  return fmt::format("{:04x}:{:02x}:{:02x}.{}", *domain, *bus, *device, function);
}

}  // namespace assay::kernel_log
