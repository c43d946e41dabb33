// Files that checks attach: copied into the run's folder by the worker, which has the time.
#pragma once

#include <string>

namespace assay::run {

/// What the names of attached files begin with.
inline constexpr const char* kAttachmentPrefix = "attachment-";

/// Where the attachments of a step go: "RUN/attachment-02-memory.sweep-gpu3-". Of several ranks each has its
/// own: "RUN/attachment-05-collective.bandwidth-node-rank3-".
std::string attachments_of(const std::string& run_folder, const std::string& step_id, std::size_t ranks = 1,
                           std::size_t rank = 0);

/// Copies a file to `prefix` followed by `name` with what is no letter, digit, '.', '_' or '-' replaced;
/// where that exists, with a number behind. Returns the copy's file name. Throws std::runtime_error.
std::string copy_attachment(const std::string& path, const std::string& prefix, const std::string& name);
/// The same of a text that no file holds yet.
std::string write_attachment(const std::string& text, const std::string& prefix, const std::string& name);

}  // namespace assay::run
