// Writes replies of the Redis protocol, RESP2 or RESP3, behind the bytes of a buffer.
//
// A command says what it answers in RESP3's terms; a client of RESP2 gets what Redis sends it instead: a map as a flat
// array, a double as a bulk string, a null as a null bulk. Source: the protocol's specification, and Redis 7.0.
// Thread safety: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace amethyst::server {

class Reply {
 public:
  enum class Protocol : uint8_t { kResp2 = 2, kResp3 = 3 };

  // `out` outlives this.
  explicit Reply(std::string* out, Protocol protocol = Protocol::kResp2) : out_(out), protocol_(protocol) {}

  void Ok() { Simple("OK"); }
  void Simple(std::string_view text);
  // `text` begins with the error's code: "ERR syntax error". Line breaks become spaces, as in Redis.
  void Error(std::string_view text);
  void Integer(int64_t value);
  void Bulk(std::string_view bytes);
  // A bulk string with the decimal number.
  void BulkInteger(int64_t value);
  // No value; and no array, which RESP2 tells apart.
  void Null();
  void NullArray();
  // RESP2: the shortest decimal that reads back as the same number, in a bulk string; "inf", "-inf", "nan".
  void Double(double value);
  // An integer of any size, in decimal digits. RESP2: a bulk string.
  void BigNumber(std::string_view digits);
  // RESP2: 1 or 0.
  void Boolean(bool value);
  // RESP2: the bulk string alone. `format` has three letters: "txt" or "mkd".
  void Verbatim(std::string_view format, std::string_view text);

  // Each is followed by that many elements; a map by twice as many. RESP2 has arrays alone.
  void Array(size_t elements);
  void Map(size_t pairs);
  void Set(size_t elements);
  // Out of band. RESP2: an array.
  void Push(size_t elements);

  // From the next element on.
  void SetProtocol(Protocol protocol) { protocol_ = protocol; }
  [[nodiscard]] Protocol protocol() const { return protocol_; }
  [[nodiscard]] bool is_resp3() const { return protocol_ == Protocol::kResp3; }

  // How far the buffer is written, and back to there: a reply that turns into an error is taken back.
  [[nodiscard]] size_t Mark() const { return out_->size(); }
  [[nodiscard]] std::string_view From(size_t mark) const { return std::string_view(*out_).substr(mark); }
  void RollBackTo(size_t mark) { out_->resize(mark); }
  // Moves the bytes from `mark` on out of the buffer, for a reply whose length is known at its end.
  [[nodiscard]] std::string TakeFrom(size_t mark);
  void Raw(std::string_view encoded) { out_->append(encoded); }

 private:
  void Header(char type, int64_t number);

  std::string* out_;
  Protocol protocol_;
};

// As Redis shows doubles to RESP2: %.17g, integers without a point.
[[nodiscard]] std::string FormatDouble(double value);

}  // namespace amethyst::server
