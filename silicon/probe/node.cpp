// Parts that ask the management library while the GPU works, or after it did.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <thread>

#include "harness/node/nvml_client.h"
#include "kernels/memory_bandwidth.h"
#include "silicon/probe/parts.h"

namespace assay::silicon {
namespace {

std::unique_ptr<NvmlClient> open_management() {
  std::string why_not;
  auto client = NvmlClient::open(kNvmlLibrary, why_not);
  if (client == nullptr) throw std::runtime_error(why_not);
  return client;
}

Nanoseconds now_ns() {
  return static_cast<Nanoseconds>(now_s() * 1e9);
}

}  // namespace

void sustained(const Arguments& arguments) {
  const double seconds = number_after(arguments, "--seconds", 20);
  const auto wanted = std::find(arguments.begin(), arguments.end(), "--stream");
  const std::string name =
      wanted != arguments.end() && wanted + 1 != arguments.end() ? *(wanted + 1) : "copy";
  const memory::Stream stream = name == "read"    ? memory::Stream::read
                                : name == "write" ? memory::Stream::write
                                : name == "triad" ? memory::Stream::triad
                                                  : memory::Stream::copy;
  const auto management = open_management();
  const double started = now_s();
  std::atomic<bool> over{false};
  std::atomic<double> latest_rate{0};
  std::thread sampler([&] {
    while (!over) {
      nlohmann::json line;
      const double before = now_s();
      to_json(line, management->sample(0, now_ns()));
      line["sample_ms"] = (now_s() - before) * 1e3;
      line["t_s"] = before - started;
      line["gb_per_s"] = latest_rate.load();
      line.erase("time");
      say(line);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  try {
    std::this_thread::sleep_for(std::chrono::seconds(1));  // idle first
    const auto gpu = first_gpu();
    const auto bandwidth = memory::make_memory_bandwidth(*gpu, memory::default_stream_bytes(*gpu), 5);
    const int launches = std::max(1, static_cast<int>(std::ceil(0.05 / bandwidth->run(stream, 1))));
    while (now_s() < started + seconds)
      latest_rate = bandwidth->bytes(stream) * launches / bandwidth->run(stream, launches) / 1e9;
    latest_rate = 0;
    std::this_thread::sleep_for(std::chrono::seconds(2));
  } catch (...) {
    over = true;
    sampler.join();
    throw;
  }
  over = true;
  sampler.join();
}

nlohmann::json sampled_while(const std::function<double()>& work, double seconds) {
  const auto management = open_management();
  const double started = now_s();
  std::atomic<bool> over{false};
  std::vector<double> watts, mhz, degrees, memory_degrees;
  std::uint64_t reasons = 0;
  std::thread sampler([&] {
    while (!over) {
      nlohmann::json sample;
      to_json(sample, management->sample(0, now_ns()));
      if (now_s() > started + 1) {
        const auto keep = [&](const char* name, std::vector<double>& values, double scale) {
          if (sample.contains(name) && sample.at(name).is_number())
            values.push_back(sample.at(name).get<double>() * scale);
        };
        keep("power_mw", watts, 1e-3);
        keep("sm_mhz", mhz, 1);
        keep("temperature_c", degrees, 1);
        keep("memory_temperature_c", memory_degrees, 1);
        if (sample.contains("throttle_reasons") && sample.at("throttle_reasons").is_number())
          reasons |= sample.at("throttle_reasons").get<std::uint64_t>();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  std::vector<double> rates;
  std::string failed;
  try {
    while (now_s() < started + seconds) {
      const double rate = work();
      if (now_s() > started + 1) rates.push_back(rate);
    }
  } catch (const std::exception& error) {
    failed = error.what();
  }
  over = true;
  sampler.join();
  return {{"rate", spread(rates)}, {"watts", spread(watts)},
          {"sm_mhz", spread(mhz)}, {"temperature_c", spread(degrees)},
          {"failed", failed},      {"memory_temperature_c", spread(memory_degrees)},
          {"reasons", reasons}};
}

/// How often each reading changes, and how long it lags: asked every millisecond, idle, under load, idle.
void refresh(const Arguments&) {
  const auto management = open_management();
  const auto gpu = first_gpu();
  const auto bandwidth = memory::make_memory_bandwidth(*gpu, memory::default_stream_bytes(*gpu), 5);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  std::atomic<bool> load{false}, over{false};
  std::thread worker([&] {
    while (!over) {
      if (load)
        bandwidth->run(memory::Stream::copy, 5);
      else
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  });
  const double started = now_s();
  nlohmann::json last;
  std::uint64_t asked = 0;
  while (true) {
    const double t = now_s() - started;
    if (t >= 7) break;
    load = t >= 1 && t < 4;
    nlohmann::json sample;
    to_json(sample, management->sample(0, 0));
    ++asked;
    nlohmann::json changed{{"t_s", t}, {"load", load.load()}};
    for (const auto& [name, value] : sample.items()) {
      if (last.is_null() || last[name] != value) changed[name] = value;
    }
    if (changed.size() > 2) say(changed);
    last = sample;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  over = true;
  worker.join();
  say({{"asked", asked}});
}

void killed(const Arguments& arguments) {
  const char* const child_part = arguments.empty() ? "hold" : arguments[0].c_str();
  const auto management = open_management();
  const auto memory_used = [&] {
    const Integer used = management->sample(0, now_ns()).memory_used_mib;
    return used.has_value() ? *used.value : -1;
  };
  for (int round = 0; round < 3; ++round) {
    const std::int64_t before = memory_used();
    int pipe_ends[2];
    if (pipe(pipe_ends) != 0) throw std::runtime_error("pipe");
    const pid_t child = fork();
    if (child == 0) {
      dup2(pipe_ends[1], STDOUT_FILENO);
      execl("/proc/self/exe", "silicon_probe", child_part, static_cast<char*>(nullptr));
      _exit(127);
    }
    close(pipe_ends[1]);
    char buffer[4096];
    const double spawned = now_s();
    if (read(pipe_ends[0], buffer, sizeof(buffer)) <= 0) throw std::runtime_error("the sweep never began");
    const double first_pass_s = now_s() - spawned;
    std::this_thread::sleep_for(std::chrono::milliseconds(700 + 130 * round));
    nlohmann::json state;
    to_json(state, management->state(0));
    const std::int64_t during = memory_used();
    const double struck = now_s();
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    const double exit_s = now_s() - struck;
    close(pipe_ends[0]);
    double back_s = -1;
    std::int64_t after = memory_used();
    while (now_s() < struck + 10) {
      after = memory_used();
      if (after <= before + 1) {
        back_s = now_s() - struck;
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    say({{"child", child_part},
         {"first_pass_s", first_pass_s},
         {"pid", child},
         {"processes_seen", state.value("processes", nlohmann::json())},
         {"used_mib_before", before},
         {"used_mib_during", during},
         {"used_mib_after", after},
         {"exit_s", exit_s},
         {"memory_back_s", back_s}});
  }
}

}  // namespace assay::silicon
