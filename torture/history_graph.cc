#include "torture/history_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "torture/model_choices.h"

namespace amethyst::torture {

namespace {

// What the key holds after a write: sums and lists, by themselves.
std::optional<std::string> After(std::optional<std::string> before, const HistoryOp& op, ModelOperator with) {
  if (op.kind == ChangeKind::kDelete) return std::nullopt;
  if (op.kind == ChangeKind::kPut || !before) return op.value;
  if (with != ModelOperator::kInt64Add) return *before + "," + op.value;
  uint64_t sum = 0, operand = 0;
  std::memcpy(&sum, before->data(), sizeof sum);
  std::memcpy(&operand, op.value.data(), sizeof operand);
  sum += operand;
  return std::string(reinterpret_cast<const char*>(&sum), sizeof sum);
}

}  // namespace

void HistoryGraph::Add(Member member, const HistoryOps& writes, std::vector<Read> reads) {
  const size_t node = nodes_.size();
  for (const auto& [key, ops] : writes) {
    std::vector<Version>& versions = versions_[key];
    std::optional<std::string> value = versions.empty() ? std::nullopt : versions.back().value;
    for (const HistoryOp& op : ops) {
      if (op.expires_ms != kModelNeverMs) expiring_.insert(key);
      value = After(std::move(value), op, families_[key.family].merges_with);
    }
    versions.push_back({.writer = node, .value = std::move(value)});
  }
  nodes_.push_back({.member = std::move(member), .reads = std::move(reads)});
  if (nodes_.back().member.writes) commits_.push_back(node);
}

std::string HistoryGraph::NameOf(size_t node) const {
  return node < nodes_.size() ? nodes_[node].member.name : fmt::format("commit {}", node - nodes_.size());
}

std::string HistoryGraph::AddRead(size_t reader, const Read& read, Edges* edges) const {
  if (expiring_.contains(read.key)) return {};
  static const std::vector<Version> kNone;
  const auto place = versions_.find(read.key);
  const std::vector<Version>& versions = place == versions_.end() ? kNone : place->second;
  // A value stands in one version. That there is none stands in several: what explains most is the newest one before
  // its commit, or, for one that wrote nothing, its begin.
  const Member& member = nodes_[reader].member;
  const size_t begin = member.commits_before_begin;
  const size_t before = member.writes ? reader : begin < commits_.size() ? commits_[begin] : nodes_.size();
  std::optional<size_t> seen;
  for (size_t i = 0; i < versions.size(); ++i) {
    if (versions[i].value != read.value || versions[i].writer == reader) continue;
    if (read.value || versions[i].writer < before) seen = i;
  }
  if (read.value && !seen) {
    return fmt::format("{} read {} at key {} of family {}, which nobody has committed", NameOf(reader),
                       Show(std::string_view(*read.value)), read.key.place, read.key.family);
  }
  if (seen) (*edges)[versions[*seen].writer].push_back(reader);
  const size_t next = seen ? *seen + 1 : 0;
  if (next < versions.size() && versions[next].writer != reader) (*edges)[reader].push_back(versions[next].writer);
  return {};
}

// Beside the members there is a node for each commit, in a row: who ended before leads into it, who begins after comes
// out of it.
std::string HistoryGraph::Check() const {
  Edges edges(nodes_.size() + commits_.size());
  const auto commit_node = [this](size_t commit) { return nodes_.size() + commit; };
  for (size_t commit = 0; commit < commits_.size(); ++commit) {
    edges[commits_[commit]].push_back(commit_node(commit));
    if (commit > 0) edges[commit_node(commit - 1)].push_back(commit_node(commit));
  }
  for (const auto& [key, versions] : versions_) {
    for (size_t i = 1; i < versions.size(); ++i) edges[versions[i - 1].writer].push_back(versions[i].writer);
  }
  for (size_t node = 0; node < nodes_.size(); ++node) {
    const size_t before = nodes_[node].member.commits_before_begin;
    if (before > 0) edges[commit_node(before - 1)].push_back(node);
    for (const Read& read : nodes_[node].reads) {
      if (std::string wrong = AddRead(node, read, &edges); !wrong.empty()) return wrong;
    }
  }
  std::vector<size_t> arrows(edges.size(), 0);
  for (const std::vector<size_t>& to : edges) {
    for (const size_t node : to) ++arrows[node];
  }
  std::vector<size_t> free;
  for (size_t node = 0; node < edges.size(); ++node) {
    if (arrows[node] == 0) free.push_back(node);
  }
  for (size_t done = 0; done < free.size(); ++done) {
    for (const size_t node : edges[free[done]]) {
      if (--arrows[node] == 0) free.push_back(node);
    }
  }
  if (free.size() == edges.size()) return {};
  // Each that is left has an arrow from one that is left: going backwards comes to a circle.
  std::vector<size_t> from(edges.size(), edges.size());
  for (size_t node = 0; node < edges.size(); ++node) {
    if (arrows[node] == 0) continue;
    for (const size_t to : edges[node]) from[to] = node;
  }
  size_t node = static_cast<size_t>(std::ranges::find_if(arrows, [](size_t n) { return n > 0; }) - arrows.begin());
  for (size_t i = 0; i < edges.size(); ++i) node = from[node];
  std::string circle = NameOf(node);
  for (size_t next = from[node]; next != node; next = from[next]) circle = NameOf(next) + ", " + circle;
  return "each comes before the next, and the last before the first: " + circle;
}

}  // namespace amethyst::torture
