// NUMA nodes as Linux shows them in sysfs (linux: Documentation/ABI/stable/sysfs-devices-node).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/node/host_files.h"

namespace assay::numa {

/// Of "0-3,8"; nothing of what is no such list.
std::optional<std::vector<int>> list_of(const std::string& text);

/// Those that have memory, in order; none where the kernel does not say.
std::vector<int> nodes(const HostFiles& files);

/// Its processors, by number.
std::vector<int> processors(const HostFiles& files, int node);

/// The socket that its processors are in; 0 where the kernel does not say.
int socket_of(const HostFiles& files, int node);

/// Of these processors, one for each core.
std::vector<int> one_of_each_core(const HostFiles& files, const std::vector<int>& processors);

/// Of the other nodes with memory, the one that is farthest from this one, the first of several or where the
/// kernel tells no distances; itself where it is alone.
int farthest_from(const HostFiles& files, int node);

}  // namespace assay::numa
