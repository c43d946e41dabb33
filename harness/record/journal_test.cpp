#include "harness/record/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include "harness/record/journal_fixture.h"
#include "harness/record/reader.h"

namespace assay::record {
namespace {

TEST_F(JournalTest, TheReaderReadsBackWhatWasWritten) {
  add_oddities(run);
  {
    Journal journal = Journal::create(path, clock());
    write(journal, run, criteria);
    journal.sync();
  }
  const RunRecord read = read_records(path);
  expect_equal(run, read);
  EXPECT_FALSE(read.torn);
  EXPECT_EQ(read.valid_bytes, std::filesystem::file_size(path));
  EXPECT_EQ(read.next_sequence, static_cast<std::int64_t>(lines().size()));
  EXPECT_EQ(read.started, "2026-01-01T00:00:03.000000002Z");
  EXPECT_TRUE(std::signbit(std::get<double>(read.steps[0].measurements[10].value)));
}

// Cut anywhere, the rest reads as a prefix of the run; continued from there, the file is whole again.
TEST_F(JournalTest, ATornRunGoesOnWhereItStopped) {
  add_oddities(run);
  run.closed = false;
  {
    Journal journal = Journal::create(path, clock());
    write(journal, run, criteria);
  }
  const std::string whole = content();
  const std::size_t header = whole.find('\n', whole.find('\n') + 1) + 1;
  for (std::size_t cut = header; cut <= whole.size(); cut += 37) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << whole.substr(0, cut);
    const RunRecord partial = read_records(path);
    EXPECT_LE(partial.valid_bytes, cut);
    if (partial.valid_bytes < cut) {
      EXPECT_TRUE(partial.torn);
    }
    {
      Journal journal = Journal::append(path, partial, clock());
      for (const Step& step : partial.steps) {
        if (step.status == Status::open) journal.step_end(step.id, Status::error);
      }
      journal.step_start({"sim-99-late-node", "late", "", "node", 99, 1});
      journal.step_end("sim-99-late-node", Status::complete);
      journal.judgement({});
      journal.run_end(Status::complete, Result::fail);
    }
    const RunRecord resumed = read_records(path);
    ASSERT_EQ(resumed.steps.size(), partial.steps.size() + 1);
    EXPECT_TRUE(resumed.closed);
    EXPECT_FALSE(resumed.torn);
    EXPECT_EQ(content().substr(0, partial.valid_bytes), whole.substr(0, partial.valid_bytes));
  }
}

TEST_F(JournalTest, EveryRecordIsInTheFileBeforeTheCallReturns) {
  Journal journal = Journal::create(path, clock());
  journal.run_start(start());
  EXPECT_EQ(lines().size(), 2u);
  journal.step_start({"s", "memory.sweep", "", "gpu0", 1, 1});
  EXPECT_EQ(lines().size(), 4u);
  journal.measurement("s", {"bad_words", 0.0, "1", "gpu0/hbm", "check"});
  const json measurement = lines().at(4).at("testStepArtifact").at("measurement");
  const json expected{{"name", "bad_words"},
                      {"value", 0.0},
                      {"unit", "1"},
                      {"hardwareInfoId", "gpu0"},
                      {"subcomponent", {{"name", "hbm"}}}};
  EXPECT_EQ(measurement, expected);
}

TEST_F(JournalTest, EvidenceKeepsLargeIntegersAndNonFiniteNumbers) {
  Journal journal = Journal::create(path, clock());
  journal.run_start(start());
  journal.step_start({"s", "memory.sweep", "", "gpu0", 1, 1});
  journal.evidence("s", {"hashes", {{"h", 0xfedcba9876543210u}, {"small", 42}, {"n", {std::nan("")}}}});
  const json expected{{"h", "0xfedcba9876543210"}, {"small", 42}, {"n", {"NaN"}}};
  EXPECT_EQ(read_records(path).steps.at(0).evidence.at(0).content, expected);
}

TEST_F(JournalTest, ReplacesWhatIsNoUtf8) {
  Journal journal = Journal::create(path, clock());
  run.plan.slots[0].serial = "bad\xff";
  journal.run_start(start());
  EXPECT_EQ(read_records(path).plan.slots[0].serial, "bad\ufffd");
}

TEST_F(JournalTest, NeverWritesOverARun) {
  { Journal::create(path, clock()); }
  EXPECT_THROW(Journal::create(path, clock()), JournalError);
  EXPECT_THROW(Journal::create(folder / "none/records.jsonl", clock()), JournalError);
}

TEST_F(JournalTest, HasOneWriterAtATime) {
  Journal journal = Journal::create(path, clock());
  journal.run_start(start());
  EXPECT_THROW(Journal::append(path, read_records(path), clock()), JournalError);
}

TEST_F(JournalTest, AClosedRunAndAShrunkFileCannotBeContinued) {
  {
    Journal journal = Journal::create(path, clock());
    write(journal, run, criteria);
  }
  RunRecord read = read_records(path);
  EXPECT_THROW(Journal::append(path, read, clock()), JournalError);
  read.closed = false;
  std::filesystem::resize_file(path, read.valid_bytes - 1);
  EXPECT_THROW(Journal::append(path, read, clock()), JournalError);
}

TEST_F(JournalTest, MarksComeBackInTheirOrderAlsoFromStepsThatNeverEnded) {
  Journal journal = Journal::create(path, clock());
  RunStart begun = start();
  begun.marks = {a_mark("0000:19:00.0"), a_mark("0000:4c:00.0")};
  journal.run_start(begun);
  journal.step_start({"sim-00-c-gpu0", "c", "", "gpu0", 0, 1});
  CounterMark moved = a_mark("0000:19:00.0");
  moved.counters["pcie_replay"] = 5;
  journal.mark("sim-00-c-gpu0", moved);
  EXPECT_THAT(read_records(path).marks, testing::ElementsAre(begun.marks[0], begun.marks[1], moved));
}

TEST_F(JournalTest, WhatIsWrittenAtOnceIsThereAltogetherOrNotAtAll) {
  Journal journal = Journal::create(path, clock());
  journal.run_start(start());
  journal.step_start({"s", "c", "", "gpu0", 0, 1});
  const auto before = std::filesystem::file_size(path);
  journal.at_once([&] {
    journal.measurement("s", {"m", 1.0, "1", "gpu0", "check"});
    EXPECT_EQ(std::filesystem::file_size(path), before);
    journal.mark("s", a_mark("0000:19:00.0"));
  });
  EXPECT_EQ(read_records(path).steps.at(0).measurements.size(), 1u);
  EXPECT_EQ(read_records(path).marks.size(), 2u);
}

TEST_F(JournalTest, AFullDiskThrowsAndNothingFollowsTheGap) {
  Journal journal = Journal::create(path, clock());
  journal.run_start(start());
  journal.step_start({"s", "c", "", "gpu0", 0, 1});
  const auto size = std::filesystem::file_size(path);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{size + 40, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  EXPECT_THROW(journal.log("s", LogSeverity::info, "does not fit"), JournalError);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_THROW(journal.log("s", LogSeverity::info, "there is room again"), JournalError);
  EXPECT_THROW(journal.sync(), JournalError);
  EXPECT_EQ(std::filesystem::file_size(path), size + 40);
  const RunRecord read = read_records(path);
  EXPECT_TRUE(read.torn);
  EXPECT_EQ(read.valid_bytes, size);
}

}  // namespace
}  // namespace assay::record
