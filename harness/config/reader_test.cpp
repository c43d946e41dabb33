#include "harness/config/reader.h"

#include <gtest/gtest.h>

#include "harness/config/test_files.h"

namespace assay::config {
namespace {

/// What reading `content` with `read` finds wrong.
template <typename Read>
std::string errors_in(const std::string& content, Read read) {
  const ScratchFolder folder;
  Diagnostics diagnostics;
  {
    TomlFile file(folder.write("x.toml", content), diagnostics);
    if (file.parsed()) {
      Table root = file.root();
      read(root);
    }
  }
  return errors_of(diagnostics);
}

TEST(Reader, UnknownKeyStandsAtTheKeyWithTheNearestOne) {
  EXPECT_EQ(errors_in("max = 1\n  mim = 2\n",
                      [](Table& t) {
                        t.quantity("max", Unit::count);
                        t.optional_quantity("min", Unit::count);
                      }),
            "2:3: unknown key 'mim'; did you mean 'min'?\n");
}

TEST(Reader, MissingKeyStandsAtItsTable) {
  EXPECT_EQ(errors_in("a = \"x\"\n\n[inner]\n",
                      [](Table& t) {
                        t.text("a");
                        t.table("inner")->text("b");
                        t.flag("c");
                      }),
            "1:1: required key 'c' is missing\n3:1: required key 'b' is missing\n");
}

TEST(Reader, WrongTypesStandAtTheirValues) {
  EXPECT_EQ(errors_in("a = 1\nb = \"yes\"\nc = 1.5\nd = [1]\ne = {}\nf = 99\ng = \"\"\n",
                      [](Table& t) {
                        t.text("a");
                        t.flag("b");
                        t.integer("c", 0, 9);
                        t.optional_table("d");
                        t.tables("e");
                        t.integer("f", 0, 9);
                        t.text("g");
                      }),
            "1:5: 'a' must be a string that is not empty, not 1\n"
            "2:5: 'b' must be true or false, not \"yes\"\n"
            "3:5: 'c' must be a whole number from 0 to 9, not 1.5\n"
            "4:5: 'd' must be a table, [d], not an array\n"
            "5:5: 'e' must be written as [[e]] tables, not a table\n"
            "6:5: 'f' must be a whole number from 0 to 9, not 99\n"
            "7:5: 'g' must be a string that is not empty, not \"\"\n");
}

TEST(Reader, QuantitiesNeedTheirUnit) {
  EXPECT_EQ(errors_in("a = \"3.6 TB/s\"\nb = 3800\nc = \"8 W\"\nd = \"5 s\"\n",
                      [](Table& t) {
                        t.quantity("a", Unit::gb_per_s);
                        t.quantity("b", Unit::gb_per_s);
                        t.quantity("c", Unit::count);
                        EXPECT_EQ(t.quantity("d", Unit::seconds), 5);
                      }),
            "1:5: 'a': \"3.6 TB/s\" is in 'TB/s': GB/s is expected, such as \"3800 GB/s\"\n"
            "2:5: 'b' must be a string with the unit GB/s, such as \"3800 GB/s\", not 3800\n"
            "3:5: 'c' must be a plain number, such as 8, not \"8 W\"\n");
}

TEST(Reader, NamesAndDates) {
  EXPECT_EQ(errors_in("check = \"memory.swep\"\ndate = \"2026-02-30\"\n",
                      [](Table& t) {
                        EXPECT_EQ(t.name_in("check", "check", {"memory.sweep", "inventory.gpus"}), "");
                        t.date("date");
                      }),
            "1:9: there is no check 'memory.swep'; did you mean 'memory.sweep'?\n"
            "2:8: 'date' must be a date, such as \"2026-11-23\", not \"2026-02-30\"\n");
}

TEST(Reader, ListsKeepTheirPositions) {
  EXPECT_EQ(
      errors_in(
          "list = [\"a\", 2]\n[[many]]\nx = 1\n[[many]]\ny = 1\n[named]\nk = \"v\"\n[deep.one]\nz = 3\n",
          [](Table& t) {
            ASSERT_EQ(t.texts("list").size(), 1u);
            std::vector<Table> many = t.tables("many");
            ASSERT_EQ(many.size(), 2u);
            for (Table& each : many) each.optional_quantity("x", Unit::count);
            const auto named = t.texts_by_name("named");
            ASSERT_EQ(named.size(), 1u);
            EXPECT_EQ(named[0].key, "k");
            EXPECT_EQ(named[0].position.line, 7);
            auto deep = t.tables_by_name("deep");
            ASSERT_EQ(deep.size(), 1u);
            EXPECT_EQ(deep[0].second.quantity("z", Unit::count), 3);
          }),
      "1:14: 'list' must be an array of strings, not 2\n"
      "5:1: unknown key 'y'; did you mean 'x'?\n");
}

TEST(Reader, SyntaxErrorsBecomeDiagnostics) {
  const std::string error = errors_in("a = 1\na = 2\n", [](Table&) { FAIL() << "it was not parsed"; });
  EXPECT_EQ(error.substr(0, 4), "2:5:") << error;
  EXPECT_NE(error.find("redefine"), std::string::npos) << error;
}

TEST(Reader, MissingFileNamesThoseThatExist) {
  const ScratchFolder folder;
  folder.write("quick.toml", "");
  folder.write("nightly.toml", "");
  Diagnostics diagnostics;
  { const TomlFile file(folder.path().string() + "/quik.toml", diagnostics); }
  { const TomlFile file(folder.path().string() + "/zzzzzz.toml", diagnostics); }
  EXPECT_EQ(errors_of(diagnostics),
            "0:0: there is no such file; did you mean 'quick'?\n"
            "0:0: there is no such file; there are: nightly, quick\n");
}

}  // namespace
}  // namespace assay::config
