#include "task.h"

namespace amethyst::node {

napi_value Task::Start(napi_env env, std::unique_ptr<Task> task, const char* name) {
  napi_value promise = task->Prepare(env, name);
  if (promise) Queue(env, std::move(task));
  return promise;
}

napi_value Task::StartWhenIdle(napi_env env, std::unique_ptr<Task> task, const char* name, Database& database) {
  napi_value promise = task->Prepare(env, name);
  if (!promise) return nullptr;
  // The closure may have to be copied; a pointer that is shared can be.
  auto waiting = std::make_shared<std::unique_ptr<Task>>(std::move(task));
  database.WhenIdle([env, waiting] { Queue(env, std::move(*waiting)); });
  return promise;
}

napi_value Task::Prepare(napi_env env, const char* name) {
  const auto execute = [](napi_env, void* data) { static_cast<Task*>(data)->Execute(); };
  napi_value promise = nullptr;
  if (napi_create_promise(env, &deferred_, &promise) != napi_ok ||
      napi_create_async_work(env, nullptr, NewString(env, name), execute, Complete, this, &work_) != napi_ok) {
    return nullptr;
  }
  return promise;
}

void Task::Queue(napi_env env, std::unique_ptr<Task> task) {
  if (task->database_) task->database_->BeginTask();
  napi_queue_async_work(env, task->work_);
  task.release();
}

void Task::Complete(napi_env env, napi_status status, void* data) {
  const std::unique_ptr<Task> task(static_cast<Task*>(data));
  napi_delete_async_work(env, task->work_);
  bool rejected = true;
  napi_value outcome = status == napi_ok ? task->Settle(env, &rejected)
                                         : NewError(env, "LEVEL_ABORTED", "the environment ends: nothing was done");
  if (rejected) {
    napi_reject_deferred(env, task->deferred_, outcome);
  } else {
    napi_resolve_deferred(env, task->deferred_, outcome);
  }
  if (task->database_) task->database_->EndTask();
}

}  // namespace amethyst::node
