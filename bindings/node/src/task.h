// Work off the event loop, with a promise for its result.
//
// StartTask queues `execute` for a thread of Node's pool and returns the promise at once. Back on the thread of
// JavaScript, `convert` makes a value of what `execute` returned, and the promise settles; an Error rejects it. A
// database does not close while one of its tasks is under way: see Database. Both closures, and so all that they own,
// are destroyed on the thread of JavaScript, even if the environment ends first.
#pragma once

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "database.h"
#include "values.h"

namespace amethyst::node {

class Task {
 public:
  explicit Task(std::shared_ptr<Database> database) : database_(std::move(database)) {}
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  // Queues `task`, which owns itself from here on; the second, once the tasks of `database` are done.
  static napi_value Start(napi_env env, std::unique_ptr<Task> task, const char* name);
  static napi_value StartWhenIdle(napi_env env, std::unique_ptr<Task> task, const char* name, Database& database);

 protected:
  virtual void Execute() = 0;  // On a thread of the pool.
  // The result; or, with `*rejected` set, the reason.
  virtual napi_value Settle(napi_env env, bool* rejected) = 0;

 private:
  [[nodiscard]] napi_value Prepare(napi_env env, const char* name);
  static void Queue(napi_env env, std::unique_ptr<Task> task);
  static void Complete(napi_env env, napi_status status, void* data);

  const std::shared_ptr<Database> database_;  // Null: the task concerns no open database.
  napi_deferred deferred_ = nullptr;
  napi_async_work work_ = nullptr;
};

// `execute`: Result<T>() for any T, void included. `convert`: napi_value(napi_env, T&), or (napi_env) for void.
template <typename ExecuteFunction, typename ConvertFunction>
std::unique_ptr<Task> NewTask(std::shared_ptr<Database> database, ExecuteFunction execute, ConvertFunction convert) {
  class Closures final : public Task {
   public:
    Closures(std::shared_ptr<Database> database, ExecuteFunction execute, ConvertFunction convert)
        : Task(std::move(database)), execute_(std::move(execute)), convert_(std::move(convert)) {}

   private:
    void Execute() override { result_.emplace(execute_()); }
    napi_value Settle(napi_env env, bool* rejected) override {
      *rejected = !result_->has_value();
      if (*rejected) return NewError(env, result_->error());
      if constexpr (std::is_void_v<typename decltype(execute_())::value_type>) {
        return convert_(env);
      } else {
        return convert_(env, **result_);
      }
    }

    ExecuteFunction execute_;
    ConvertFunction convert_;
    std::optional<decltype(execute_())> result_;
  };
  return std::make_unique<Closures>(std::move(database), std::move(execute), std::move(convert));
}

template <typename ExecuteFunction, typename ConvertFunction>
napi_value StartTask(napi_env env, const char* name, std::shared_ptr<Database> database, ExecuteFunction execute,
                     ConvertFunction convert) {
  return Task::Start(env, NewTask(std::move(database), std::move(execute), std::move(convert)), name);
}

}  // namespace amethyst::node
