#include "base/containment.h"

#include <new>
#include <string_view>

namespace amethyst::base {
namespace {

constexpr std::string_view kOutOfMemory = "out of memory";
static_assert(kOutOfMemory.size() <= 15, "A std::string holds it in itself.");

}  // namespace

Error ErrorInFlight() noexcept {
  try {
    throw;
  } catch (const Thrown& thrown) {
    return MadeWithoutFail([&] { return thrown.error(); });
  } catch (const std::bad_alloc&) {
  } catch (const std::exception& exception) {
    return MadeWithoutFail([&] { return Error(ErrorCode::kIo, exception.what()); });
  } catch (...) {
    return MadeWithoutFail([] { return Error(ErrorCode::kIo, "an exception of an unknown type"); });
  }
  return {ErrorCode::kOutOfMemory, std::string(kOutOfMemory)};
}

}  // namespace amethyst::base
