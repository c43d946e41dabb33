#include "harness/config/sim_node.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "harness/config/paths.h"
#include "harness/config/plant_file.h"
#include "harness/config/test_files.h"

namespace assay::config {
namespace {

std::string read_whole(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The shipped file with one piece of its text replaced.
std::string altered(const std::string& name, const std::string& from, const std::string& to) {
  std::string text = read_whole(configs_folder() + "/sim/" + name);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// "line:column" of where `what` begins.
std::string place(const std::string& text, const std::string& what) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  const auto line_start = text.rfind('\n', at) + 1;
  return std::to_string(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1) +
         ":" + std::to_string(at - line_start + 1);
}

std::string node_errors(const std::string& content) {
  const ScratchFolder folder;
  folder.write("plant-h200.toml", read_whole(configs_folder() + "/sim/plant-h200.toml"));
  Diagnostics diagnostics;
  load_sim_node(folder.write("x.toml", content), diagnostics);
  return errors_of(diagnostics);
}

std::string plant_errors(const std::string& content) {
  const ScratchFolder folder;
  Diagnostics diagnostics;
  load_plant_file(folder.write("x.toml", content), diagnostics);
  return errors_of(diagnostics);
}

TEST(SimNode, IsReadWhole) {
  Diagnostics diagnostics;
  const SimNode node = load_sim_node(resolve("sim", "h200-8gpu"), diagnostics);
  EXPECT_EQ(diagnostics.text(), "");
  EXPECT_EQ(node.name, "h200-8gpu");
  EXPECT_EQ(node.sku, "h200-sxm-8");
  EXPECT_EQ(node.nvswitches, 4);
  EXPECT_EQ(node.pci_device, 0x233510deu);
  EXPECT_EQ(node.pci_subsystem, 0x18be10deu);
  EXPECT_EQ(node.memory_mib, 143771);
  EXPECT_EQ(node.cell_words, 32771);
  ASSERT_EQ(node.gpus.size(), 8u);
  EXPECT_EQ(node.gpus[0].pci_address, "0000:19:00.0");
  EXPECT_EQ(node.gpus[0].module_id, 2);
  EXPECT_EQ(node.gpus[7].module_id, 8);
  EXPECT_EQ(node.plant.speed.rate(WorkKind::read), 4590e9);
}

TEST(SimNode, GpusAreDistinct) {
  const auto twice = [](const std::string& key, const std::string& theirs, const std::string& mine) {
    const std::string text = altered("h200-8gpu.toml", key + " = " + mine, key + " =  " + theirs);
    const std::string line = place(text, key + " =  ");
    const std::size_t column = key.size() + 5;
    return std::make_pair(node_errors(text), line.substr(0, line.find(':') + 1) + std::to_string(column) +
                                                 ": another GPU of the file has the " + key);
  };
  const auto begins = [](const std::pair<std::string, std::string>& outcome) {
    EXPECT_EQ(outcome.first.substr(0, outcome.second.size()), outcome.second);
    EXPECT_EQ(std::count(outcome.first.begin(), outcome.first.end(), '\n'), 1) << outcome.first;
  };
  begins(twice("module_id", "2", "4"));
  begins(twice("pci_address", "\"0000:19:00.0\"", "\"0000:3b:00.0\""));
  begins(twice("serial", "\"1753724031847\"", "\"1753724031902\""));
}

TEST(SimNode, NamesAndRanges) {
  const std::string node = "h200-8gpu.toml";
  const std::string sku = altered(node, "\"h200-sxm-8\"", "\"h200-sxm8\"");
  EXPECT_EQ(node_errors(sku),
            place(sku, "\"h200-sxm8\"") + ": there is no SKU 'h200-sxm8'; did you mean 'h200-sxm-8'?\n");
  const std::string words = altered(node, "cell_words = 32771", "cell_words = 333");
  EXPECT_EQ(node_errors(words),
            place(words, "333") + ": 'cell_words' must be a whole number from 1024 to 4194304, not 333\n");
  const std::string address = altered(node, "\"0000:3b:00.0\"", "\"3B:00.0\"");
  EXPECT_EQ(node_errors(address),
            place(address, "\"3B:00.0\"") +
                ": '3B:00.0' is no PCI address in lower case, such as \"0000:1b:00.0\"\n");
  const std::string memory = altered(node, "143771 MiB", "141 GB");
  const std::string where = place(memory, "\"141 GB\"");
  EXPECT_EQ(node_errors(memory),
            where + ": 'memory': \"141 GB\" is in 'GB': MiB is expected, such as \"143771 MiB\"\n" + where +
                ": 'memory' must be above 0 MiB\n");
}

TEST(SimNode, APlantThatIsMissing) {
  EXPECT_EQ(node_errors(altered("h200-8gpu.toml", "\"plant-h200.toml\"", "\"plant-h20.toml\"")),
            "0:0: there is no such file; did you mean 'plant-h200'?\n");
}

TEST(PlantFile, HeatFollowsFromIdleAndLoad) {
  Diagnostics diagnostics;
  const PlantFile plant = load_plant_file(resolve("sim", "plant-h200"), diagnostics);
  EXPECT_EQ(diagnostics.text(), "");
  const double resistance = plant.fast_resistance_c_per_w + plant.slow_resistance_c_per_w;
  const double at_rest =
      plant.fast_resistance_c_per_w + plant.fans.quiet_resistance * plant.slow_resistance_c_per_w;
  EXPECT_NEAR(plant.ambient_c + at_rest * 76, 29, 1e-9);
  EXPECT_NEAR(plant.ambient_c + resistance * 590, 65, 1e-9);
  EXPECT_NEAR(plant.fast_resistance_c_per_w / resistance, 0.7, 1e-9);
  EXPECT_NEAR(plant.speed.launch_s, 8e-6, 1e-12);
}

TEST(PlantFile, EachFigureHasASourceOrSaysWhyItIsAssumed) {
  const std::string problem = ": 'idle_sm_clock' needs either a 'source' or why it is 'assumed'\n";
  const std::string neither =
      altered("plant-h200.toml", "value = \"345 MHz\", source", "value = \"345 MHz\", soruce");
  EXPECT_EQ(plant_errors(neither), place(neither, "{ value = \"345") + problem + place(neither, "soruce") +
                                       ": unknown key 'soruce'; did you mean 'source'?\n");
  const std::string both =
      altered("plant-h200.toml", "value = \"345 MHz\", ", "value = \"345 MHz\", assumed = \"x\", ");
  EXPECT_EQ(plant_errors(both), place(both, "{ value = \"345") + problem);
}

TEST(PlantFile, FiguresThatCannotBe) {
  const std::pair<const char*, const char*> slips[] = {{"\"0.006 ratio\"", "\"4 ratio\""},
                                                       {"\"590 W\"", "\"59 W\""},
                                                       {"\"65 degC\"", "\"15 degC\""},
                                                       {"\"1980 MHz\"", "\"0 MHz\""}};
  for (const auto& [from, to] : slips)
    EXPECT_NE(plant_errors(altered("plant-h200.toml", from, to)), "") << to;
}

}  // namespace
}  // namespace assay::config
