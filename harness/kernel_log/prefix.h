// What a logger writes in front of a line of the kernel's.
#pragma once

#include <string_view>

namespace assay::kernel_log {

struct Unprefixed {
  std::string_view text;       // what the kernel said
  std::string_view logged_at;  // the logger's time, as it stands there; empty where there is none
};

/// Takes off what dmesg, journalctl and syslog write before a line: "<6>", "[ 1843.308145] ",
/// "[Fri Aug 30 11:43:09 2024] ", "6,1234,5678901,-;", "Aug 30 11:43:09 host kernel: ",
/// "2024-08-30T11:43:09+00:00 host kernel: ". A line that another program than the kernel has logged is left
/// as it is: it says nothing of what the kernel saw, whatever it quotes.
Unprefixed without_prefix(std::string_view line);

}  // namespace assay::kernel_log
