#include "bench/workload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace amethyst::bench {
namespace {

using testing::HasSubstr;

TEST(Workload, NamesAreDistinctAndFindTheirWorkload) {
  std::set<std::string> names;
  for (const Workload& workload : Workloads()) {
    EXPECT_TRUE(names.insert(workload.name).second) << workload.name;
    EXPECT_EQ(FindWorkload(workload.name), &workload);
    EXPECT_FALSE(workload.description.empty()) << workload.name;
    EXPECT_EQ(workload.mix.empty(), workload.trial != Trial::kNone) << workload.name;
  }
  EXPECT_EQ(FindWorkload("fill"), nullptr);
}

TEST(Workload, TheListHoldsWhatItAlwaysHeld) {
  for (const char* name : {"fillseq",
                           "fillrandom",
                           "fillbatch",
                           "fillsync",
                           "overwrite",
                           "updaterandom",
                           "readrandom",
                           "readhot",
                           "readzipf",
                           "readmissing",
                           "multiget",
                           "seek1",
                           "seek10",
                           "seek100",
                           "seekrev1",
                           "seekrev10",
                           "seekrev100",
                           "readseq",
                           "readreverse",
                           "seek10keys",
                           "readseqkeys",
                           "readbatch",
                           "readwhilewriting",
                           "scanwhilewriting",
                           "deleterandom",
                           "deleteseq",
                           "queue",
                           "compact",
                           "ycsba",
                           "ycsbb",
                           "ycsbc",
                           "ycsbd",
                           "ycsbe",
                           "ycsbf",
                           "mixed",
                           "rangedelete",
                           "rangetables",
                           "rangepair",
                           "rangereads",
                           "deletedscan",
                           "dropspace",
                           "counters",
                           "hotcounter",
                           "fillttl",
                           "readttl",
                           "expiredscan",
                           "expiryspace",
                           "familybatch",
                           "familylog",
                           "familycreate",
                           "familyread"}) {
    EXPECT_NE(FindWorkload(name), nullptr) << name;
  }
}

TEST(Workload, TheListHoldsTransactions) {
  for (const char* name : {"txn2r2w", "txn10r2w", "txnscan", "txnplain2r2w", "txn2r2wzipf", "txn10r2wzipf",
                           "txnscanzipf", "txnplain2r2wzipf", "txncost", "batchwalk"}) {
    EXPECT_NE(FindWorkload(name), nullptr) << name;
  }
}

TEST(Workload, KnowsWhetherItWritesAndWhetherItSpoils) {
  EXPECT_FALSE(FindWorkload("readrandom")->Writes());
  EXPECT_FALSE(FindWorkload("seek10")->Writes());
  EXPECT_TRUE(FindWorkload("ycsbb")->Writes());
  EXPECT_TRUE(FindWorkload("readwhilewriting")->Writes());
  EXPECT_FALSE(FindWorkload("overwrite")->Spoils());
  EXPECT_TRUE(FindWorkload("deleterandom")->Spoils());
  EXPECT_TRUE(FindWorkload("queue")->Spoils());
  EXPECT_TRUE(FindWorkload("txnscan")->Writes());
  EXPECT_FALSE(FindWorkload("txn2r2w")->Spoils());
}

TEST(Workload, HasAStateToChooseIfItOnlyReads) {
  for (const char* name : {"readrandom", "seek10keys", "readseq", "ycsbc", "readttl"}) {
    EXPECT_TRUE(FindWorkload(name)->OnlyReads()) << name;
  }
  for (const char* name : {"fillseq", "ycsbe", "readwhilewriting", "compact", "batchwalk"}) {
    EXPECT_FALSE(FindWorkload(name)->OnlyReads()) << name;
  }
}

TEST(Workload, KnowsWhatItNeedsOfAnEngine) {
  EXPECT_FALSE(FindWorkload("readrandom")->Needs());
  EXPECT_EQ(FindWorkload("rangetables")->Needs(), Feature::kRangeDelete);
  EXPECT_EQ(FindWorkload("dropspace")->Needs(), Feature::kRangeDelete);
  EXPECT_EQ(FindWorkload("counters")->Needs(), Feature::kMerge);
  EXPECT_EQ(FindWorkload("readttl")->Needs(), Feature::kExpiry);
  EXPECT_EQ(FindWorkload("familyread")->Needs(), Feature::kFamilies);
  EXPECT_EQ(FindWorkload("txn2r2w")->Needs(), Feature::kTransactions);
  EXPECT_EQ(FindWorkload("batchwalk")->Needs(), Feature::kIndexedBatches);
}

TEST(Workload, WhatDeletesRangesOrMergesSpoils) {
  for (const char* name : {"rangedelete", "rangetables", "counters"}) {
    EXPECT_TRUE(FindWorkload(name)->Writes()) << name;
    EXPECT_TRUE(FindWorkload(name)->Spoils()) << name;
  }
  EXPECT_FALSE(FindWorkload("readttl")->Writes());
}

TEST(Workload, AMixIsReadFromText) {
  const auto mix = ParseMix("read=70,update=20.5,scan=0");
  ASSERT_TRUE(mix);
  ASSERT_EQ(mix->size(), 3u);
  EXPECT_EQ((*mix)[0].action, Action::kGet);
  EXPECT_EQ((*mix)[1].action, Action::kPut);
  EXPECT_DOUBLE_EQ((*mix)[1].weight, 20.5);
  EXPECT_EQ((*mix)[2].action, Action::kScan);
}

TEST(Workload, AWrongMixIsRefusedByNamingWhatIsWrong) {
  EXPECT_THAT(ParseMix("red=1").error().message(), HasSubstr("\"red\" is none of read"));
  for (const char* text : {"read", "read=", "read=x", "read=-1", "read=1x", "read=nan", "read=inf", "read=1e300"}) {
    const auto mix = ParseMix(text);
    ASSERT_FALSE(mix) << text;
    EXPECT_THAT(mix.error().message(), HasSubstr("wants a share")) << text;
  }
  EXPECT_THAT(ParseMix("read=0").error().message(), HasSubstr("no action"));
  EXPECT_THAT(ParseMix("").error().message(), HasSubstr("no action"));
}

}  // namespace
}  // namespace amethyst::bench
