// Finding codes that the judge, the run and the devices raise or know themselves. Their texts, like all
// others, are in configs/findings/.
#pragma once

namespace assay::codes {

inline constexpr const char* check_not_run = "harness.check_not_run";
inline constexpr const char* missing_measurement = "harness.missing_measurement";
inline constexpr const char* undeclared_measurement = "harness.undeclared_measurement";
inline constexpr const char* not_finite = "harness.not_finite";
inline constexpr const char* wrong_unit = "harness.wrong_unit";
inline constexpr const char* no_limit = "harness.no_limit";
inline constexpr const char* telemetry_lost = "harness.telemetry_lost";
/// A worker missed its deadline. Twice on one GPU while its peers finish, it is the device that hangs.
inline constexpr const char* step_timeout = "harness.step_timeout";
/// A worker that the others of its placement waited for never came.
inline constexpr const char* rank_missing = "harness.rank_missing";
/// A worker ended otherwise than it should: by a signal, by SIGKILL that was not ours, before it was done,
/// not at all.
inline constexpr const char* worker_crashed = "harness.worker_crashed";
inline constexpr const char* worker_lost = "harness.worker_lost";
inline constexpr const char* worker_exit = "harness.worker_exit";
inline constexpr const char* worker_unkillable = "harness.worker_unkillable";
/// It sent what is no message of ours.
inline constexpr const char* protocol = "harness.protocol";
inline constexpr const char* out_of_memory = "harness.out_of_memory";
inline constexpr const char* check_error = "harness.check_error";
inline constexpr const char* pipe_flood = "harness.pipe_flood";
/// Less memory is free on the device than the placement's share of it.
inline constexpr const char* device_memory = "harness.device_memory";
inline constexpr const char* counter_backwards = "harness.counter_backwards";
/// A call of CUDA's that failed without accusing the device; there is no CUDA; its driver is too old.
inline constexpr const char* device_call = "harness.device_call";
inline constexpr const char* no_cuda = "harness.no_cuda";
inline constexpr const char* driver_too_old = "harness.driver_too_old";
/// The device's own word; an exception in a kernel that is known to be right.
inline constexpr const char* ecc_uncorrectable = "device.ecc_uncorrectable";
inline constexpr const char* kernel_exception = "device.kernel_exception";
inline constexpr const char* device_hung = "device.hung";
inline constexpr const char* device_lost = "device.lost";
/// CUDA's errors 220 and 226. Of one device alone; of several it is `contained_among_peers`.
inline constexpr const char* contained_error = "device.contained_error";
inline constexpr const char* contained_among_peers = "nvlink.contained_error";
inline constexpr const char* telemetry_hung = "device.telemetry_hung";
/// What readings that are missing say (model/missing_reading.h).
inline constexpr const char* needs_reset = "device.needs_reset";
/// Of one of the node's GPUs: the driver does not say of which.
inline constexpr const char* reset_wanted = "device.reset_wanted";
inline constexpr const char* inforom_corrupt = "device.inforom_corrupt";
inline constexpr const char* power_cables = "device.power_cables";
inline constexpr const char* place_unknown = "inventory.place_unknown";
/// The node against the delivery manifest.
inline constexpr const char* serial_unknown = "inventory.serial_unknown";
inline constexpr const char* not_in_manifest = "inventory.not_in_manifest";
inline constexpr const char* manifest_chassis = "inventory.other_chassis";
inline constexpr const char* manifest_missing = "inventory.manifest_missing";
inline constexpr const char* manifest_unexpected = "inventory.manifest_unexpected";
inline constexpr const char* manifest_swapped = "inventory.manifest_swapped";
inline constexpr const char* manifest_part = "inventory.manifest_part";
inline constexpr const char* manifest_duplicate = "inventory.manifest_duplicate";
inline constexpr const char* kernel_log = "environment.kernel_log";
inline constexpr const char* no_permission = "environment.no_permission";
inline constexpr const char* driver_lacks = "environment.driver_lacks";
inline constexpr const char* reading_failed = "harness.reading_failed";
inline constexpr const char* xid = "device.xid";
inline constexpr const char* xid_fatal = "device.xid_fatal";
/// The kernel's word on PCI Express, processors and their memory, network cards and drives.
inline constexpr const char* pcie_fatal = "pcie.fatal";
inline constexpr const char* host_error = "host.hardware_error";
inline constexpr const char* host_device = "host.device_failed";
inline constexpr const char* kernel_stalled = "environment.kernel_stalled";
inline constexpr const char* nvswitch_fatal = "nvswitch.fatal";
/// CUDA's error 802, and NVLinks that are all down: nobody has made the way over the NVSwitches ready.
inline constexpr const char* fabric_manager = "environment.fabric_manager";
inline constexpr const char* foreign_process = "environment.foreign_process";
inline constexpr const char* not_idle = "environment.not_idle";
/// A library that a check works with is not on the machine, or is another one.
inline constexpr const char* library_missing = "environment.library_missing";
/// NCCL gave an error; a rank waited for others beyond its deadline, and one of them can be told from the
/// rest, or none.
inline constexpr const char* collective_failed = "collective.failed";
inline constexpr const char* collective_hung = "collective.hung";
inline constexpr const char* collective_hung_somewhere = "collective.hung_somewhere";
/// The supervisor itself was stopped, as by Ctrl-C, or killed. Made up for by a later attempt that was not,
/// unlike all other errors.
inline constexpr const char* interrupted = "harness.interrupted";

inline constexpr const char* kAll[] = {check_not_run,
                                       missing_measurement,
                                       undeclared_measurement,
                                       not_finite,
                                       wrong_unit,
                                       no_limit,
                                       telemetry_lost,
                                       step_timeout,
                                       rank_missing,
                                       worker_crashed,
                                       worker_lost,
                                       worker_exit,
                                       worker_unkillable,
                                       protocol,
                                       out_of_memory,
                                       check_error,
                                       pipe_flood,
                                       device_memory,
                                       counter_backwards,
                                       device_call,
                                       no_cuda,
                                       driver_too_old,
                                       ecc_uncorrectable,
                                       kernel_exception,
                                       device_hung,
                                       device_lost,
                                       telemetry_hung,
                                       needs_reset,
                                       reset_wanted,
                                       inforom_corrupt,
                                       power_cables,
                                       place_unknown,
                                       serial_unknown,
                                       not_in_manifest,
                                       manifest_chassis,
                                       manifest_missing,
                                       manifest_unexpected,
                                       manifest_swapped,
                                       manifest_part,
                                       manifest_duplicate,
                                       kernel_log,
                                       no_permission,
                                       driver_lacks,
                                       reading_failed,
                                       xid,
                                       xid_fatal,
                                       pcie_fatal,
                                       host_error,
                                       host_device,
                                       kernel_stalled,
                                       nvswitch_fatal,
                                       fabric_manager,
                                       foreign_process,
                                       not_idle,
                                       library_missing,
                                       interrupted,
                                       contained_error,
                                       contained_among_peers,
                                       collective_failed,
                                       collective_hung,
                                       collective_hung_somewhere};

}  // namespace assay::codes
