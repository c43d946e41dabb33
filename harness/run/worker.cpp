#include "harness/run/worker.h"

#include <atomic>
#include <exception>
#include <new>
#include <stdexcept>
#include <thread>
#include <vector>

#include "harness/model/finding_codes.h"
#include "harness/run/worker_context.h"
#include "harness/run/worker_error.h"

namespace assay::run {
namespace {

/// False when nobody listens any more. `left`: bodies that have not ended.
bool run_body(WorkerPipe& pipe, const Assignment& assignment, std::size_t body, WorkerNode& node,
              std::atomic<std::size_t>& left) {
  bool heard = true, said = false;
  try {
    try {
      const std::string& name = assignment.bodies[body].check;
      node.body_begins(body, name);
      const Check* check = find_check(name);
      if (check == nullptr) throw std::invalid_argument("no check named " + name);
      WorkerContext context(pipe, *check, assignment, body, node, said);
      check->run(context);
    } catch (const ipc::ProtocolError&) {
      throw;
    } catch (const DeviceError& error) {
      if (!said) send_error(pipe, assignment, body, error);
    } catch (const std::bad_alloc&) {
      send_error(pipe, body, codes::out_of_memory, "the worker could not allocate host memory");
    } catch (const std::exception& error) {
      send_error(pipe, body, codes::check_error, error.what());
    }
  } catch (const ipc::ProtocolError&) {
    heard = false;
  }
  if (--left > 0) node.body_done(body);  // the last one holds time until the process has ended
  return heard;
}

/// False when nobody listens any more.
bool run_bodies(ipc::Channel& channel, const Assignment& assignment, const Backend& backend) {
  WorkerPipe pipe(channel, assignment.bodies.size());
  const auto node = backend.worker_node(assignment.node);
  std::atomic<bool> heard = true;
  std::atomic<std::size_t> left = assignment.bodies.size();
  std::vector<std::thread> others;
  for (std::size_t body = 1; body < assignment.bodies.size(); ++body) {
    others.emplace_back([&, body] {
      if (!run_body(pipe, assignment, body, *node, left)) heard = false;
    });
  }
  if (!run_body(pipe, assignment, 0, *node, left)) heard = false;
  for (std::thread& other : others) other.join();
  return heard;
}

}  // namespace

int worker_main(int fd, const Backend& backend) {
  ipc::Channel channel(fd);
  try {
    const auto start = channel.receive();
    if (!start) return 0;  // the supervisor went away before there was anything to do
    try {
      if (!run_bodies(channel, start->get<Assignment>(), backend)) return 1;
    } catch (const ipc::ProtocolError&) {
      throw;
    } catch (const std::exception& error) {  // before any check was there to blame
      channel.send({{"error", {{"symptom", codes::check_error}, {"message", error.what()}}}});
    }
    channel.send({{"done", nlohmann::json::object()}});
  } catch (const ipc::ProtocolError&) {
    return 1;  // nobody listens any more
  }
  return 0;
}

}  // namespace assay::run
