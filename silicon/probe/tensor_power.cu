// The tensor cores at the power limit, alone and beside the memory.
#include <atomic>
#include <random>
#include <thread>

#include "kernels/memory_bandwidth.h"
#include "silicon/probe/parts.h"
#include "silicon/probe/wgmma_tile.h"

namespace assay::silicon {
namespace {

enum class Data { zero, integers, random };

/// Two warp groups an SM multiply from shared memory alone: the tensor cores' heat without the memory's.
template <typename Form>
void power(const FormInfo& form, Data data, unsigned sms, double seconds) {
  std::mt19937 draw(3);
  const int k = kMostSteps * kBytesOfStep / form.a.bytes;
  const auto matrix = [&](const Element& element, int rows) {
    if (data == Data::random) return reals(draw, element, rows, k, 6);
    return integers(draw, element, rows, k, data == Data::zero ? 0 : form.greatest);
  };
  Matrix a = matrix(form.a, kRows), b = matrix(form.b, Form::kColumns);
  std::vector<std::uint8_t> image;
  const Operand of_a = place_operand(a, form.a, form.layout_a, kMostSteps, image),
                of_b = place_operand(b, form.b, form.layout_b, kMostSteps, image);
  OnDevice run(image, std::vector<std::uint32_t>(Form::kRegisters * kThreads), sms);
  constexpr int kRepetitions = 20000;
  constexpr unsigned kGroups = 2;
  const double operations = 2.0 * kRows * Form::kColumns * k * kGroups * sms * kRepetitions;
  nlohmann::json line = sampled_while(
      [&] { return operations / run.multiply<Form>(of_a, of_b, kMostSteps, kGroups, kRepetitions) / 1e12; },
      seconds);
  line["form"] = form.name;
  line["data"] = data == Data::zero ? "zeros" : data == Data::random ? "random" : "integers";
  line["rate_unit"] = "TFLOP/s";
  say(line);
}

/// Copies on a stream of its own while it lives.
class CopyBeside {
 public:
  explicit CopyBeside(Gpu& gpu)
      : copying_([this, &gpu] {
          try {
            const auto bandwidth = memory::make_memory_bandwidth(gpu, memory::default_stream_bytes(gpu), 5);
            constexpr int kLaunches = 10;
            while (!over_) {
              rates_.push_back(bandwidth->bytes(memory::Stream::copy) * kLaunches /
                               bandwidth->run(memory::Stream::copy, kLaunches) / 1e9);
            }
          } catch (const std::exception& error) {
            failed_ = error.what();
          }
        }) {}
  ~CopyBeside() {
    if (copying_.joinable()) end();
  }
  nlohmann::json end() {
    over_ = true;
    copying_.join();
    return {{"copy_gb_per_s", spread(rates_)}, {"failed", failed_}};
  }

 private:
  std::atomic<bool> over_ = false;
  std::vector<double> rates_;
  std::string failed_;
  std::thread copying_;
};

}  // namespace

void tensor_power(const Arguments& arguments) {
  const auto gpu = first_gpu();
  const auto sms = static_cast<unsigned>(gpu->multiprocessors());
  const double seconds = number_after(arguments, "--seconds", 3);
  const FormInfo bf16{"bf16", kBf16, kBf16, kSwizzle128, kSwizzle128, Result::f32, 1};
  const FormInfo f16{"f16", kF16, kF16, kSwizzle128, kSwizzle128, Result::f32, 1};
  const FormInfo tf32{"tf32", kTf32, kTf32, kSwizzle128, kSwizzle128, Result::f32, 1};
  const FormInfo e4m3{"e4m3", kE4m3, kE4m3, kSwizzle128, kSwizzle128, Result::f32, 1};
  const FormInfo s8{"s8", kS8, kS8, kSwizzle128, kSwizzle128, Result::s32, 127};
  power<Bf16N256>(bf16, Data::zero, sms, seconds);
  power<Bf16N256>(bf16, Data::integers, sms, seconds);
  power<Bf16N256>(bf16, Data::random, sms, seconds);
  power<F16N256>(f16, Data::random, sms, seconds);
  power<Tf32N256>(tf32, Data::random, sms, seconds);
  power<E4m3N256>(e4m3, Data::random, sms, seconds);
  power<S8N256>(s8, Data::integers, sms, seconds);
  for (const bool eight_bits : {false, true}) {
    CopyBeside copy(*gpu);
    if (eight_bits) {
      power<E4m3N256>(e4m3, Data::random, sms, seconds);
    } else {
      power<Bf16N256>(bf16, Data::random, sms, seconds);
    }
    say({{"beside", copy.end()}});
  }
}

}  // namespace assay::silicon
