// A listener that is a function of C.
#include "amethyst/listener.h"
#include "capi/objects.h"

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::Event;
using amethyst::EventKind;
using amethyst::Status;

namespace amethyst::capi {

namespace {

using Listen = void (*)(void* state, const amethyst_event* event);

static_assert(static_cast<int>(EventKind::kEventsLost) == AMETHYST_EVENT_EVENTS_LOST &&
              static_cast<int>(EventKind::kWriteDelayBegin) == AMETHYST_EVENT_WRITE_DELAY_BEGIN &&
              static_cast<int>(DelayCause::kMemtables) == AMETHYST_DELAY_MEMTABLES);

int64_t SinceEpochMs(std::chrono::system_clock::time_point time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

class CallbackListener final : public Listener {
 public:
  CallbackListener(std::shared_ptr<CallbackState> state, Listen listen) : state_(std::move(state)), listen_(listen) {}

  void OnEvent(const Event& event) override {
    const amethyst_event told{.struct_bytes = sizeof told,
                              .kind = static_cast<amethyst_event_kind>(event.kind),
                              .cause = static_cast<amethyst_delay_cause>(event.cause),
                              .error = event.error ? CodeOf(*event.error) : amethyst_code{AMETHYST_OK},
                              .from_level = event.from_level,
                              .to_level = event.to_level,
                              .family_id = event.family_id,
                              .number = event.number,
                              .time_ms = static_cast<uint64_t>(SinceEpochMs(event.time)),
                              .family = event.family.c_str(),
                              .text = event.text.c_str(),
                              .table = event.table,
                              .entries = event.entries,
                              .bytes_read = event.bytes_read,
                              .bytes_written = event.bytes_written,
                              .value = event.value,
                              .jump_ms = event.jump.count()};
    listen_(state_->get(), &told);
  }

 private:
  const std::shared_ptr<CallbackState> state_;
  const Listen listen_;
};

}  // namespace

}  // namespace amethyst::capi

amethyst_code amethyst_options_set_listener(amethyst_options* options, void* state, Listen listen,
                                            void (*destroy)(void* state), char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, OptionsObject, options);
    const auto shared = std::make_shared<CallbackState>(state);
    entered->components.listener = listen == nullptr ? nullptr : std::make_shared<CallbackListener>(shared, listen);
    shared->PromiseToDestroy(destroy);
    return {};
  });
}

const char* amethyst_event_kind_name(amethyst_event_kind kind) {
  const bool is_known = kind >= 0 && kind <= AMETHYST_EVENT_EVENTS_LOST;
  return amethyst::EventKindName(is_known ? EventKind{static_cast<uint8_t>(kind)} : EventKind{}).data();
}
