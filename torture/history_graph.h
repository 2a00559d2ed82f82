// Whether some order of a history's transactions explains all that they read: by the dependencies between them alone.
//
// It knows which writes each transaction made and in what order they were committed, and what each one read. Who wrote
// a version comes before who read it, who read it before who wrote the next one, and one that ended comes before one
// that began later. A circle is a violation: no order explains it (Adya, Liskov and O'Neil 2000; Alvaro and Kingsbury
// 2020). It does not assume that the order is that of the commits. Thread safety: plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "torture/history_content.h"

namespace amethyst::torture {

class HistoryGraph {
 public:
  explicit HistoryGraph(const HistoryFamilies& families) : families_(families) {}

  struct Read {
    HistoryKey key;
    std::optional<std::string> value;
  };
  struct Member {
    std::string name;
    size_t commits_before_begin = 0;
    bool writes = false;
  };
  // In the order of their ends; a plain write is one that begins as it ends.
  void Add(Member member, const HistoryOps& writes, std::vector<Read> reads);
  // So many have written.
  [[nodiscard]] size_t commits() const { return commits_.size(); }

  // "", or what is wrong.
  [[nodiscard]] std::string Check() const;

 private:
  struct Version {
    size_t writer = 0;
    std::optional<std::string> value;  // nullopt: deleted.
  };
  struct Node {
    Member member;
    std::vector<Read> reads;
  };
  using Edges = std::vector<std::vector<size_t>>;

  // "", or that the read shows what nobody has committed.
  [[nodiscard]] std::string AddRead(size_t reader, const Read& read, Edges* edges) const;
  [[nodiscard]] std::string NameOf(size_t node) const;

  const HistoryFamilies& families_;
  std::vector<Node> nodes_;
  std::vector<size_t> commits_;  // Nodes that wrote.
  std::map<HistoryKey, std::vector<Version>> versions_;
  std::set<HistoryKey> expiring_;  // They change by themselves: left out.
};

}  // namespace amethyst::torture
