// --wait, on a clock that a test turns. Covers: session
#include <gmock/gmock.h>

#include <functional>
#include <vector>

#include "cli/shell_fixture.h"
#include "io/system_environment.h"
#include "support/database.h"

namespace amethyst::cli {
namespace {

using testing::HasSubstr;

// The files of a directory of the test's, and a clock that runs only while somebody sleeps.
class SleepingEnvironment final : public io::Environment, public io::Clock {
 public:
  io::FileSystem& files() override { return base_->files(); }
  io::Clock& clock() override { return *this; }
  Result<std::unique_ptr<io::Executor>> NewExecutor(uint32_t threads) override { return base_->NewExecutor(threads); }

  std::chrono::nanoseconds Monotonic() override { return now_; }
  std::chrono::milliseconds WallTime() override { return base_->clock().WallTime(); }
  void Sleep(std::chrono::microseconds duration) override {
    now_ += duration;
    ++sleeps_;
    if (sleeps_ == 3 && after_three_sleeps) after_three_sleeps();
  }

  std::function<void()> after_three_sleeps;
  [[nodiscard]] std::chrono::nanoseconds now() const { return now_; }

 private:
  const std::shared_ptr<io::Environment> base_ = io::DefaultEnvironment();
  std::chrono::nanoseconds now_{};
  int sleeps_ = 0;
};

class Wait : public ShellTest {
 protected:
  Wait() { EXPECT_TRUE(holder_->Put("a", "1")); }

  Answer Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--db", database_});
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    Console console(in, out, err);
    Components components;
    components.environment = environment_;
    const ExitCode code = RunProgram(arguments, console, std::move(components));
    return {.code = code, .out = out.str(), .err = err.str()};
  }

  const std::shared_ptr<SleepingEnvironment> environment_ = std::make_shared<SleepingEnvironment>();
  std::unique_ptr<DB> holder_ = support::OpenOrFail(database_);
};

TEST_F(Wait, IsNotDoneUnasked) {
  const Answer answer = Run({"put", "a", "2"});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, HasSubstr("has it open"));
  EXPECT_THAT(answer.err, HasSubstr("--wait SECONDS"));
  EXPECT_EQ(environment_->now().count(), 0);
}

TEST_F(Wait, EndsWhenTheOwnerHasGone) {
  environment_->after_three_sleeps = [this] { holder_.reset(); };
  const Answer answer = Run({"--wait", "60", "put", "a", "2"});
  EXPECT_EQ(answer.code, ExitCode::kOk) << answer.err;
}

TEST_F(Wait, IsDoneByCommandsThatTakeTheDirectoryForThemselvesToo) {
  environment_->after_three_sleeps = [this] { holder_.reset(); };
  EXPECT_EQ(Run({"--wait", "60", "repair", database_ + "_saved"}).code, ExitCode::kOk);
}

TEST_F(Wait, EndsWithItsTime) {
  const Answer answer = Run({"--wait", "2", "put", "a", "2"});
  EXPECT_EQ(answer.code, ExitCode::kError);
  EXPECT_THAT(answer.err, HasSubstr("has it open"));
  EXPECT_GE(environment_->now(), std::chrono::seconds(2));
  EXPECT_LT(environment_->now(), std::chrono::seconds(3));
}

TEST_F(Wait, TakesANumberOfSeconds) {
  EXPECT_EQ(Run({"--wait", "soon", "get", "a"}).code, ExitCode::kUsage);
  EXPECT_EQ(Run({"--wait"}).code, ExitCode::kUsage);
}

}  // namespace
}  // namespace amethyst::cli
