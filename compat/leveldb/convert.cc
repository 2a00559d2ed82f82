#include "compat/leveldb/convert.h"

namespace amethyst::compat {

leveldb::Status StatusOf(const Error& error) {
  const std::string& message = error.message();
  switch (error.code()) {
    case ErrorCode::kInvalidArgument: return leveldb::Status::InvalidArgument(message);
    case ErrorCode::kNotSupported: return leveldb::Status::NotSupported(message);
    case ErrorCode::kCorruption: return leveldb::Status::Corruption(message);
    case ErrorCode::kBusy: break;
    case ErrorCode::kIo: break;
    case ErrorCode::kNoSpace: break;
    case ErrorCode::kClosed: break;
    case ErrorCode::kOutOfMemory: break;
    case ErrorCode::kTooOld:
    case ErrorCode::kConflict: break;
  }
  return leveldb::Status::IOError(message);
}

}  // namespace amethyst::compat
