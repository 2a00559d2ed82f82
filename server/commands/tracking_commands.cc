// CLIENT TRACKING and its kin: what a client is told, so that it may keep keys in a cache of its own.
#include "server/commands/tracking_commands.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "server/commands/numbers.h"
#include "server/server.h"
#include "server/session.h"

namespace amethyst::server {

namespace {

// The words behind CLIENT TRACKING ON.
struct Asked {
  TrackingMode mode{};
  std::vector<std::string_view> prefixes{};
};

bool ReadRedirect(Call& call, std::string_view text, TrackingMode* mode) {
  if (mode->redirect != 0) {
    return call.reply.Error("ERR A client can only redirect to a single other client"), false;
  }
  const auto id = ReadInteger(text);
  if (!id) return call.reply.Error(kNotInteger), false;
  if (!call.server.sessions().contains(static_cast<uint64_t>(*id))) {
    return call.reply.Error("ERR The client ID you want redirect to does not exist"), false;
  }
  mode->redirect = static_cast<uint64_t>(*id);
  return true;
}

// False: the error has been said.
bool ReadAsked(Call& call, Asked* asked) {
  TrackingMode& mode = asked->mode;
  for (size_t i = 3; i < call.size(); ++i) {
    const bool has_more = i + 1 < call.size();
    if (call.Is(i, "redirect") && has_more) {
      if (!ReadRedirect(call, call[++i], &mode)) return false;
    } else if (call.Is(i, "prefix") && has_more) {
      asked->prefixes.push_back(call[++i]);
    } else if (call.Is(i, "bcast")) {
      mode.broadcasts = true;
    } else if (call.Is(i, "optin")) {
      mode.opts_in = true;
    } else if (call.Is(i, "optout")) {
      mode.opts_out = true;
    } else if (call.Is(i, "noloop")) {
      mode.skips_own = true;
    } else {
      return call.reply.Error(kSyntax), false;
    }
  }
  return true;
}

bool Overlap(std::string_view one, std::string_view other) { return one.starts_with(other) || other.starts_with(one); }

// No key may be told of twice.
std::string CollisionError(const Session& session, const std::vector<std::string_view>& prefixes) {
  for (size_t i = 0; i < prefixes.size(); ++i) {
    for (const std::string& own : session.tracking.prefixes) {
      if (!Overlap(own, prefixes[i])) continue;
      return fmt::format(
          "ERR Prefix '{}' overlaps with an existing prefix '{}'. Prefixes for a single client must not overlap.",
          prefixes[i], own);
    }
    for (size_t j = i + 1; j < prefixes.size(); ++j) {
      if (!Overlap(prefixes[i], prefixes[j])) continue;
      return fmt::format(
          "ERR Prefix '{}' overlaps with another provided prefix '{}'. Prefixes for a single client must not overlap.",
          prefixes[i], prefixes[j]);
    }
  }
  return {};
}

// Why the session cannot track so; empty: it can.
std::string RefusalOf(const Session& session, const Asked& asked) {
  const TrackingMode& mode = asked.mode;
  const TrackingMode& own = session.tracking;
  if (!mode.broadcasts && !asked.prefixes.empty()) return "ERR PREFIX option requires BCAST mode to be enabled";
  if (own.is_on && own.broadcasts != mode.broadcasts) {
    return "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it "
           "with a different mode.";
  }
  if (mode.broadcasts && (mode.opts_in || mode.opts_out)) return "ERR OPTIN and OPTOUT are not compatible with BCAST";
  if (mode.opts_in && mode.opts_out) return "ERR You can't specify both OPTIN mode and OPTOUT mode";
  if ((mode.opts_in && own.opts_out) || (mode.opts_out && own.opts_in)) {
    return "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it "
           "with a different mode.";
  }
  return mode.broadcasts ? CollisionError(session, asked.prefixes) : "";
}

}  // namespace

int64_t RedirectOf(const TrackingMode& mode) { return mode.is_on ? static_cast<int64_t>(mode.redirect) : -1; }

void ClientTracking(Call& call) {
  Asked asked;
  if (!ReadAsked(call, &asked)) return;
  if (call.Is(2, "off")) {
    call.server.tracking().Disable(call.session);
    return call.reply.Ok();
  }
  if (!call.Is(2, "on")) return call.reply.Error(kSyntax);
  if (const std::string refusal = RefusalOf(call.session, asked); !refusal.empty()) return call.reply.Error(refusal);
  asked.mode.prefixes.insert(asked.prefixes.begin(), asked.prefixes.end());
  call.server.tracking().Enable(call.session, std::move(asked.mode));
  call.reply.Ok();
}

void ClientCaching(Call& call) {
  TrackingMode& mode = call.session.tracking;
  if (!mode.is_on) {
    return call.reply.Error(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled");
  }
  if (call.Is(2, "yes")) {
    if (!mode.opts_in) {
      return call.reply.Error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.");
    }
  } else if (call.Is(2, "no")) {
    if (!mode.opts_out) {
      return call.reply.Error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.");
    }
  } else {
    return call.reply.Error(kSyntax);
  }
  mode.has_caching = true;
  call.reply.Ok();
}

void ClientGetRedir(Call& call) { call.reply.Integer(RedirectOf(call.session.tracking)); }

void ClientTrackingInfo(Call& call) {
  const TrackingMode& mode = call.session.tracking;
  std::vector<std::string_view> flags = {mode.is_on ? "on" : "off"};
  if (mode.broadcasts) flags.emplace_back("bcast");
  if (mode.opts_in) flags.emplace_back("optin");
  if (mode.opts_in && mode.has_caching) flags.emplace_back("caching-yes");
  if (mode.opts_out) flags.emplace_back("optout");
  if (mode.opts_out && mode.has_caching) flags.emplace_back("caching-no");
  if (mode.skips_own) flags.emplace_back("noloop");
  if (mode.is_broken) flags.emplace_back("broken_redirect");
  call.reply.Map(3);
  call.reply.Bulk("flags");
  call.reply.Set(flags.size());
  for (const std::string_view flag : flags) call.reply.Bulk(flag);
  call.reply.Bulk("redirect");
  call.reply.Integer(RedirectOf(mode));
  call.reply.Bulk("prefixes");
  call.reply.Array(mode.prefixes.size());
  for (const std::string& prefix : mode.prefixes) call.reply.Bulk(prefix);
}

}  // namespace amethyst::server
