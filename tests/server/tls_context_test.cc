// Covers: tls_context, peer
#include "server/program.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/temp_directory.h"

namespace amethyst::server {
namespace {

using testing::HasSubstr;

// What the program says at its start; connections are tested by tests/server/tls.py.
class TlsStart : public testing::Test {
 protected:
  std::string Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--port", "0", "--tls-port", "1", "--dir", directory_.File("db")});
    std::ostringstream out;
    std::ostringstream err;
    const int code = RunProgram(arguments, out, err);
    return std::to_string(code) + ": " + err.str();
  }
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.File(name)) << text;
    return directory_.File(name);
  }
  // A key and a certificate for it.
  void MakePair(const std::string& name) {
    const std::string path = directory_.File(name);
    const std::string command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -keyout " + path +
                                ".key -out " + path + ".crt 2> " + path + ".log";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  const support::TempDirectory directory_;
};

TEST_F(TlsStart, NamesTheSettingThatIsWrong) {
  EXPECT_THAT(Run({}), HasSubstr("2: amethystd: InvalidArgument: tls-port wants tls-cert-file and tls-key-file"));
  const std::string bad = Write("bad", "no certificate");
  EXPECT_THAT(Run({"--tls-cert-file", bad, "--tls-key-file", bad}), HasSubstr("tls-cert-file '" + bad + "': "));
  EXPECT_THAT(Run({"--tls-cert-file", "none", "--tls-key-file", bad}), HasSubstr("tls-cert-file 'none': "));
  MakePair("one");
  MakePair("other");
  const std::string one = directory_.File("one");
  const std::string other = directory_.File("other");
  EXPECT_THAT(Run({"--tls-cert-file", one + ".crt", "--tls-key-file", bad}), HasSubstr("tls-key-file '" + bad + "': "));
  EXPECT_THAT(Run({"--tls-cert-file", one + ".crt", "--tls-key-file", other + ".key"}), HasSubstr("tls-key-file '"));
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> all = {"--tls-cert-file", one + ".crt", "--tls-key-file", one + ".key"};
    all.insert(all.end(), more.begin(), more.end());
    return Run(std::move(all));
  };
  EXPECT_THAT(with({}), HasSubstr("tls-auth-clients yes: either tls-ca-cert-file or tls-ca-cert-dir must say"));
  EXPECT_THAT(with({"--tls-ca-cert-file", bad}), HasSubstr("tls-ca-cert-file '" + bad + "': "));
  EXPECT_THAT(with({"--tls-auth-clients", "no", "--tls-protocols", "SSLv2"}),
              HasSubstr("tls-protocols 'SSLv2': use a combination of"));
  EXPECT_THAT(with({"--tls-auth-clients", "no", "--tls-ciphers", "x"}),
              HasSubstr("tls-ciphers 'x': OpenSSL knows none"));
  EXPECT_THAT(with({"--tls-auth-clients", "no", "--tls-ciphersuites", "x"}), HasSubstr("tls-ciphersuites 'x': "));
  EXPECT_THAT(with({"--tls-auth-clients", "no", "--bind", "0.0.0.0"}), HasSubstr("give --requirepass"));
}

}  // namespace
}  // namespace amethyst::server
