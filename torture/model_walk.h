// One long-lived iterator of a model program, over the content as it was when it was made; and, beside some, a twin
// that seeks afresh for each step, and so takes none of the short ways that a walk takes.
//
// Thread safety: one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "amethyst/amethyst.h"
#include "base/random.h"
#include "torture/model_content.h"

namespace amethyst::torture {

class ModelWalk {
 public:
  using NewIterator = std::function<Iterator(const ReadOptions&)>;

  // `content`: all that the read sees; the bounds of `options` narrow it.
  ModelWalk(const NewIterator& new_iterator, const ReadOptions& options, ModelMap content, bool with_twin);

  // A random move, or several steps one way. What it should not show goes to `wrong`.
  [[nodiscard]] Status Move(base::Random& random, const std::string& target, std::string* wrong);
  // After the database was closed: what it shows stays, the next move ends it with kClosed. "", or what is wrong.
  [[nodiscard]] std::string CheckDetached();

 private:
  using Position = ModelMap::const_iterator;

  [[nodiscard]] Status Seek(uint64_t move, const std::string& target, std::string* wrong);
  [[nodiscard]] Status Step(bool forward, std::string* wrong);
  // Where it is to be, or behind it where entries may be gone.
  [[nodiscard]] Status Expect(Position expected, bool forward, const char* move, std::string* wrong);
  [[nodiscard]] Position PassGone(Position expected, bool forward) const;
  [[nodiscard]] Status ExpectRefusal(Position expected, const char* move, std::string* wrong) const;
  [[nodiscard]] Position Last() const { return begin_ == end_ ? end_ : std::prev(end_); }
  [[nodiscard]] static bool Shows(const Iterator& iterator, Position expected);

  std::shared_ptr<const ModelMap> content_;  // Where it is stays as it is when the walk is moved.
  Position begin_, end_;                     // Within the bounds.
  Position at_;                              // end_: not valid.
  Iterator iterator_;
  std::optional<Iterator> twin_;
};

}  // namespace amethyst::torture
