// What TLS connections share: certificate, key, whom clients are verified by, protocols and ciphers.
// Thread safety: one thread.
#pragma once

#include <asio/ssl/context.hpp>
#include <memory>

#include "amethyst/error.h"
#include "server/config.h"

namespace amethyst::server {

// Of the settings tls-*, whose files are read now. kInvalidArgument names the setting that is wrong, and why.
[[nodiscard]] Result<std::shared_ptr<asio::ssl::context>> NewTlsContext(const Config& config);

}  // namespace amethyst::server
