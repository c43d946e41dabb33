#include "harness/node_sim/nvlink_wiring.h"

#include <cstdio>

namespace assay::sim {

NvlinkEnd far_end(int gpu, int link) {
  constexpr int kFirst[] = {0, 4, 9, 14, kNvlinks};  // places of links by switch: four, five, five, four
  constexpr int kStep = 5, kShift = 7;               // they share no divisor with 18: every place is met once
  const int place = (link * kStep + gpu * kShift) % kNvlinks;
  int number = 0;
  while (place >= kFirst[number + 1]) ++number;
  const int links_each = kFirst[number + 1] - kFirst[number];
  return {number, gpu * links_each + place - kFirst[number]};
}

std::string nvswitch_address(int number) {
  constexpr int kFirstBus = 0x83;  // of the machine that the PCI tree is taken from (tests/data/pci)
  char address[16];
  std::snprintf(address, sizeof(address), "0000:%02x:00.0", static_cast<unsigned>(kFirstBus + number));
  return address;
}

bool is_up(const Nvlink& link, Nanoseconds time) {
  return link.active != 0 && link.up_at <= time;
}

}  // namespace assay::sim
