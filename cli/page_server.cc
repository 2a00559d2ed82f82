#include "cli/page_server.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "cli/json.h"
#include "net/connection.h"
#include "net/http_loop.h"
#include "net/http_server.h"
#include "net/live_page.h"

namespace amethyst::cli {

namespace {

// Reads keys through a follower, which looks when a key is asked for: so the page costs nothing meanwhile.
class FollowedDatabase final : public net::PageSource {
 public:
  // `clock` outlives this.
  FollowedDatabase(std::unique_ptr<DB> follower, io::Clock& clock) : follower_(std::move(follower)), clock_(clock) {}

  [[nodiscard]] std::expected<Read, net::HttpResponse> ReadKey(const net::HttpRequest& request) override {
    const auto key = request.Query("key");
    if (!key) return std::unexpected(net::HttpResponse::Refusal(400, "lookup wants key="));
    const std::string_view number = request.Query("family").value_or("0");
    uint32_t id = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), id);
    if (error != std::errc() || end != number.data() + number.size()) {
      return std::unexpected(net::HttpResponse::Refusal(400, "family is a number, as the page's state has it"));
    }
    Read read{.family = key::FamilyId{id}, .key = std::string(*key)};
    if (follower_ == nullptr) return read;
    auto answer = Ask(id, *key);
    if (!answer) return std::unexpected(net::HttpResponse::Refusal(500, answer.error().message()));
    read.answer = *std::move(answer);
    return read;
  }

 private:
  // nullopt: there is no such family.
  [[nodiscard]] Result<std::optional<page::EngineAnswer>> Ask(uint32_t id, std::string_view key) {
    AMETHYST_TRY(follower_->Refresh());
    for (const std::string& name : follower_->FamilyNames()) {
      const auto family = follower_->OpenFamily(name);
      if (!family || family->id() != id) continue;
      const auto begin = clock_.Monotonic();
      AMETHYST_ASSIGN(auto value, family->Get(key));
      const std::chrono::duration<double, std::micro> took = clock_.Monotonic() - begin;
      return page::EngineAnswer{.value = std::move(value), .us = took.count()};
    }
    return std::nullopt;
  }

  const std::unique_ptr<DB> follower_;
  io::Clock& clock_;
};

// Keeps nothing from the writer's removal for longer than a second: each read looks anew.
Result<std::unique_ptr<DB>> Follow(Session& session, const std::string& directory) {
  const Settings& settings = session.settings();
  FollowerOptions options{.refresh_interval_ms = 0, .grace_s = 1};
  if (settings.memory_bytes) options.options.memory_budget_bytes = *settings.memory_bytes;
  if (settings.merge_operator != nullptr) {
    options.options.families[settings.family].merge_operator = settings.merge_operator;
  }
  Components components;
  components.environment = session.shared_environment();
  return DB::OpenFollower(directory, options, std::move(components));
}

void Announce(const Invocation& invocation, const std::string& url, bool has_writer) {
  Console& console = invocation.console();
  if (invocation.json) {
    console.out << Json{{"http", url}, {"writer", has_writer ? "there" : "gone"}}.dump() << '\n' << std::flush;
    return;
  }
  fmt::print(console.out, "the page is at {} until ^C\n", url);
  if (!has_writer) fmt::print(console.out, "no process has the database open: the page shows what its files say\n");
  console.out.flush();
}

}  // namespace

Status ServePage(const Invocation& invocation, const std::string& directory, const net::HttpAddress& at) {
  io::Environment& environment = invocation.session.environment();
  net::EngineClock clock(environment.clock());
  net::HttpServer http(net::HttpGuard([] { return net::HttpAccess(); }, true), clock);
  auto follower = Follow(invocation.session, directory);
  auto source = std::make_unique<FollowedDatabase>(follower ? *std::move(follower) : nullptr, environment.clock());
  const auto page = std::make_shared<net::LivePage>(
      environment,
      page::Watcher::Settings{.directory = directory,
                              .memory_budget_bytes = invocation.session.settings().memory_bytes.value_or(0)},
      std::move(source), http);
  page->AddRoutes(page);
  AMETHYST_TRY(page->Look());
  net::HttpLoop loop(http);
  AMETHYST_TRY(loop.Listen(at));
  if (!follower) {
    fmt::print(invocation.console().err, "amethyst: keys are looked up in the files alone: {}\n",
               follower.error().message());
  }
  Announce(invocation, net::UrlOf(loop.address()), page->watcher().has_writer());
  loop.Run([&] { return invocation.interrupted(); });
  return {};
}

}  // namespace amethyst::cli
