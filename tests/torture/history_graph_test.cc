#include "torture/history_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace amethyst::torture {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr HistoryKey kA{.family = 1, .place = 0}, kB{.family = 1, .place = 1};

HistoryOps Puts(const HistoryKey& key, const std::string& value) {
  return {{key, {{.kind = ChangeKind::kPut, .value = value}}}};
}

class Graph : public testing::Test {
 protected:
  Graph() {
    families_[1].merges_with = ModelOperator::kAppendComma;
    graph_.Add({.name = "first", .writes = true}, Puts(kA, "a0"), {});
    graph_.Add({.name = "second", .commits_before_begin = 1, .writes = true}, Puts(kB, "b0"), {});
  }
  // Both began before either ended.
  void AddBoth(const HistoryOps& one, std::vector<HistoryGraph::Read> one_read, const HistoryOps& other,
               std::vector<HistoryGraph::Read> other_read) {
    graph_.Add({.name = "one", .commits_before_begin = 2, .writes = true}, one, std::move(one_read));
    graph_.Add({.name = "other", .commits_before_begin = 2, .writes = true}, other, std::move(other_read));
  }

  HistoryFamilies families_;
  HistoryGraph graph_{families_};
};

TEST_F(Graph, ReadsInOrderAreExplained) {
  AddBoth(Puts(kA, "a1"), {{kA, "a0"}, {kB, "b0"}}, Puts(kB, "b1"), {{kB, "b0"}});
  graph_.Add({.name = "reader", .commits_before_begin = 4}, {}, {{kA, "a1"}, {kB, "b1"}});
  EXPECT_THAT(graph_.Check(), IsEmpty());
}

TEST_F(Graph, WriteSkewIsACircle) {
  AddBoth(Puts(kA, "a1"), {{kB, "b0"}}, Puts(kB, "b1"), {{kA, "a0"}});
  EXPECT_THAT(graph_.Check(), HasSubstr("one"));
}

TEST_F(Graph, LostUpdateIsACircle) {
  AddBoth(Puts(kA, "a1"), {{kA, "a0"}}, Puts(kA, "a2"), {{kA, "a0"}});
  EXPECT_THAT(graph_.Check(), HasSubstr("other"));
}

TEST_F(Graph, ReadSkewIsACircle) {
  HistoryOps both = Puts(kA, "a1");
  both.merge(Puts(kB, "b1"));
  graph_.Add({.name = "writer", .commits_before_begin = 2, .writes = true}, both, {});
  graph_.Add({.name = "reader", .commits_before_begin = 2}, {}, {{kA, "a0"}, {kB, "b1"}});
  EXPECT_THAT(graph_.Check(), HasSubstr("reader"));
}

TEST_F(Graph, StaleReadIsACircle) {
  graph_.Add({.name = "writer", .commits_before_begin = 2, .writes = true}, Puts(kA, "a1"), {});
  graph_.Add({.name = "late", .commits_before_begin = 3}, {}, {{kA, "a0"}});
  EXPECT_THAT(graph_.Check(), HasSubstr("late"));
}

TEST_F(Graph, PhantomIsACircle) {
  const HistoryKey none{.family = 1, .place = 2}, other{.family = 1, .place = 3};
  AddBoth(Puts(none, "n"), {{other, std::nullopt}}, Puts(other, "o"), {{none, std::nullopt}});
  EXPECT_THAT(graph_.Check(), HasSubstr("one"));
}

TEST_F(Graph, AbsentKeysThatComeAndGoAreExplained) {
  const HistoryKey key{.family = 1, .place = 2};
  AddBoth(Puts(key, "n"), {}, {{key, {{.kind = ChangeKind::kDelete}}}}, {});
  graph_.Add({.name = "writer", .commits_before_begin = 2, .writes = true}, Puts(kA, "a1"), {{key, std::nullopt}});
  EXPECT_THAT(graph_.Check(), IsEmpty());
}

TEST_F(Graph, MergesGoOnFromWhatWasThere) {
  graph_.Add({.name = "merges", .commits_before_begin = 2, .writes = true},
             {{kA, {{.kind = ChangeKind::kMerge, .value = "m"}}}}, {});
  graph_.Add({.name = "reader", .commits_before_begin = 3}, {}, {{kA, "a0,m"}});
  EXPECT_THAT(graph_.Check(), IsEmpty());
}

TEST_F(Graph, WhatNobodyHasCommittedCannotBeRead) {
  graph_.Add({.name = "reader", .commits_before_begin = 2}, {}, {{kA, "rolled back"}});
  EXPECT_THAT(graph_.Check(), HasSubstr("nobody has committed"));
}

}  // namespace
}  // namespace amethyst::torture
