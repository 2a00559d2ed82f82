#include "torture/server/linearizability.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace amethyst::torture {

namespace {

// Calls and answers by their moments, as a list from which operations are taken out and put back.
class Moments {
 public:
  explicit Moments(const std::vector<KeyOperation>& operations) : places_(operations.size()) {
    std::vector<std::pair<uint64_t, size_t>> moments;  // Even: a call; odd: an answer.
    for (size_t i = 0; i < operations.size(); ++i) {
      moments.emplace_back(operations[i].called, 2 * i);
      moments.emplace_back(operations[i].answered, 2 * i + 1);
    }
    std::ranges::sort(moments);
    nodes_.resize(moments.size() + 1);
    for (size_t place = 0; place <= moments.size(); ++place) {
      nodes_[place] = {.before = place == 0 ? moments.size() : place - 1,
                       .next = place == moments.size() ? 0 : place + 1,
                       .what = place == 0 ? SIZE_MAX : moments[place - 1].second};
      if (place == 0) continue;
      auto& [call, answer] = places_[operation(place)];
      (is_call(place) ? call : answer) = place;
    }
  }

  static constexpr size_t kEnd = 0;
  [[nodiscard]] size_t first() const { return nodes_[kEnd].next; }
  [[nodiscard]] size_t next(size_t place) const { return nodes_[place].next; }
  [[nodiscard]] bool is_call(size_t place) const { return nodes_[place].what % 2 == 0; }
  [[nodiscard]] size_t operation(size_t place) const { return nodes_[place].what / 2; }

  void TakeOut(size_t operation) {
    Unlink(places_[operation].first);
    Unlink(places_[operation].second);
  }
  // The last that was taken out.
  void PutBack(size_t operation) {
    Link(places_[operation].second);
    Link(places_[operation].first);
  }
  [[nodiscard]] size_t PlaceOfCall(size_t operation) const { return places_[operation].first; }

 private:
  struct Node {
    size_t before = 0;
    size_t next = 0;
    size_t what = 0;
  };
  void Unlink(size_t place) {
    nodes_[nodes_[place].before].next = nodes_[place].next;
    nodes_[nodes_[place].next].before = nodes_[place].before;
  }
  void Link(size_t place) { nodes_[nodes_[place].before].next = nodes_[nodes_[place].next].before = place; }

  std::vector<Node> nodes_;  // [0]: before the first and behind the last.
  std::vector<std::pair<size_t, size_t>> places_;
};

std::string Describe(const KeyOperation& operation) {
  std::string text = fmt::format("{} to {}:", operation.called, operation.answered);
  if (operation.call.kind == KeyCall::Kind::kTime) text += fmt::format(" it is {}", operation.call.now_ms);
  for (const auto& words : operation.call.commands) {
    for (const std::string& word : words) text += " " + word;
    text += ";";
  }
  if (operation.call.kind == KeyCall::Kind::kWatched) text += " watched " + operation.call.seen;
  text += " -> " + operation.answer;
  std::erase(text, '\r');
  std::ranges::replace(text, '\n', ' ');
  return "\n  " + text;
}

// Those that are open at the moment, and the few before it.
std::string Around(const std::vector<KeyOperation>& operations, uint64_t moment) {
  std::vector<const KeyOperation*> shown;
  for (const KeyOperation& operation : operations) {
    if (operation.called <= moment) shown.push_back(&operation);
  }
  std::ranges::sort(shown, {}, &KeyOperation::answered);
  constexpr size_t kShown = 12;
  if (shown.size() > kShown) shown.erase(shown.begin(), shown.end() - kShown);
  std::ranges::sort(shown, {}, &KeyOperation::called);
  std::string text = fmt::format("up to {}:", moment);
  for (const KeyOperation* const operation : shown) text += Describe(*operation);
  return text;
}

}  // namespace

std::string WhyNotLinearizable(const std::vector<KeyOperation>& operations) {
  Moments moments(operations);
  KeyModel model;
  std::string done(operations.size(), '0');
  struct Choice {
    size_t operation;
    KeyModel before;
  };
  std::vector<Choice> choices;
  std::unordered_set<std::string> tried;
  uint64_t furthest = 0;
  size_t place = moments.first();
  while (moments.first() != Moments::kEnd) {
    if (moments.is_call(place)) {
      const size_t operation = moments.operation(place);
      KeyModel after = model;
      if (after.Answers(operations[operation].call, operations[operation].answer)) {
        done[operation] = '1';
        if (tried.insert(done + after.Text()).second) {
          choices.push_back({.operation = operation, .before = std::exchange(model, std::move(after))});
          moments.TakeOut(operation);
          place = moments.first();
          continue;
        }
        done[operation] = '0';
      }
      place = moments.next(place);
      continue;
    }
    // It has been answered, and none of those that were called before could be next: the last choice was wrong.
    furthest = std::max(furthest, operations[moments.operation(place)].answered);
    if (choices.empty()) return Around(operations, furthest);
    const size_t operation = choices.back().operation;
    model = std::move(choices.back().before);
    choices.pop_back();
    done[operation] = '0';
    moments.PutBack(operation);
    place = moments.next(moments.PlaceOfCall(operation));
  }
  return {};
}

}  // namespace amethyst::torture
