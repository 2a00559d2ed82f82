#include "server/net/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "server/commands/numbers.h"
#include "server/resp/request_parser.h"

namespace amethyst::server {

namespace {

using Context = asio::ssl::context;

struct Protocol {
  std::string_view name;  // In lower case.
  uint64_t left_out;      // OpenSSL's option.
};
constexpr Protocol kProtocols[] = {{"tlsv1", SSL_OP_NO_TLSv1},
                                   {"tlsv1.1", SSL_OP_NO_TLSv1_1},
                                   {"tlsv1.2", SSL_OP_NO_TLSv1_2},
                                   {"tlsv1.3", SSL_OP_NO_TLSv1_3}};

std::unexpected<Error> Wrong(const Config& config, std::string_view setting, std::string_view why) {
  ERR_clear_error();
  return base::InvalidArgument("{} '{}': {}", setting, config.Text(setting), why);
}

Status SetKeyPair(const Config& config, Context& context) {
  const std::string certificate(config.Text("tls-cert-file"));
  const std::string key(config.Text("tls-key-file"));
  if (certificate.empty() || key.empty()) {
    return base::InvalidArgument("tls-port wants tls-cert-file and tls-key-file, in PEM form");
  }
  std::error_code error;
  context.set_password_callback(
      [pass = std::string(config.Text("tls-key-file-pass"))](size_t, Context::password_purpose) { return pass; },
      error);
  context.use_certificate_chain_file(certificate, error);
  if (error) return Wrong(config, "tls-cert-file", error.message());
  context.use_private_key_file(key, Context::pem, error);
  if (error) return Wrong(config, "tls-key-file", error.message());
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    return Wrong(config, "tls-key-file", fmt::format("is not the key of the certificate in '{}'", certificate));
  }
  return {};
}

Status SetClients(const Config& config, Context& context) {
  const std::string_view wanted = config.Text("tls-auth-clients");
  if (wanted == "no") {
    context.set_verify_mode(asio::ssl::verify_none);
    return {};
  }
  const std::string file(config.Text("tls-ca-cert-file"));
  const std::string directory(config.Text("tls-ca-cert-dir"));
  if (file.empty() && directory.empty()) {
    return base::InvalidArgument(
        "tls-auth-clients {}: either tls-ca-cert-file or tls-ca-cert-dir must say by whom clients are verified",
        wanted);
  }
  std::error_code error;
  if (!file.empty()) context.load_verify_file(file, error);
  if (error) return Wrong(config, "tls-ca-cert-file", error.message());
  if (!directory.empty()) context.add_verify_path(directory, error);
  if (error) return Wrong(config, "tls-ca-cert-dir", error.message());
  if (!file.empty()) SSL_CTX_set_client_CA_list(context.native_handle(), SSL_load_client_CA_file(file.c_str()));
  const auto mode = asio::ssl::verify_peer;
  context.set_verify_mode(wanted == "yes" ? mode | asio::ssl::verify_fail_if_no_peer_cert : mode);
  return {};
}

// Without a setting, those that are still deemed safe.
Status SetProtocols(const Config& config, SSL_CTX* context) {
  const std::string_view given = config.Text("tls-protocols");
  std::vector<std::string> words;
  if (!SplitLine(given.empty() ? "TLSv1.2 TLSv1.3" : given, &words)) return Wrong(config, "tls-protocols", "a quote");
  uint64_t left_out = SSL_OP_NO_SSLv3;
  for (const Protocol& protocol : kProtocols) left_out |= protocol.left_out;
  for (const std::string& word : words) {
    bool is_known = false;
    for (const Protocol& protocol : kProtocols) {
      if (!EqualsIgnoringCase(word, protocol.name)) continue;
      left_out &= ~protocol.left_out;
      is_known = true;
    }
    if (!is_known) {
      return Wrong(config, "tls-protocols", "use a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'");
    }
  }
  SSL_CTX_set_options(context, left_out | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_SINGLE_DH_USE);
  return {};
}

Status SetCiphers(const Config& config, SSL_CTX* context) {
  const std::string ciphers(config.Text("tls-ciphers"));
  const std::string suites(config.Text("tls-ciphersuites"));
  if (!ciphers.empty() && SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1) {
    return Wrong(config, "tls-ciphers", "OpenSSL knows none of them; `openssl ciphers` lists them");
  }
  if (!suites.empty() && SSL_CTX_set_ciphersuites(context, suites.c_str()) != 1) {
    return Wrong(config, "tls-ciphersuites", "OpenSSL does not know them; `openssl ciphers -s -tls1_3` lists them");
  }
  if (config.Text("tls-prefer-server-ciphers") == "yes") SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  return {};
}

void SetSessions(const Config& config, SSL_CTX* context) {
  constexpr std::string_view kOurs = "amethystd";
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kOurs.data()), kOurs.size());
  if (config.Text("tls-session-caching") == "no") {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return;
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(context, *ReadInteger(config.Text("tls-session-cache-size")));
  SSL_CTX_set_timeout(context, *ReadInteger(config.Text("tls-session-cache-timeout")));
}

}  // namespace

Result<std::shared_ptr<Context>> NewTlsContext(const Config& config) {
  auto context = std::make_shared<Context>(Context::tls_server);
  AMETHYST_TRY(SetKeyPair(config, *context));
  AMETHYST_TRY(SetClients(config, *context));
  AMETHYST_TRY(SetProtocols(config, context->native_handle()));
  AMETHYST_TRY(SetCiphers(config, context->native_handle()));
  SetSessions(config, context->native_handle());
  return context;
}

}  // namespace amethyst::server
