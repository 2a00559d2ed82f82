// Options, comparators, environments, memory budgets: what amethyst_open is given.
#include <limits>

#include "base/containment.h"
#include "capi/objects.h"

namespace amethyst::capi {

namespace {

class CallbackComparator final : public Comparator {
 public:
  using Function = int (*)(void*, const char*, size_t, const char*, size_t);

  CallbackComparator(std::string name, Function compare, void* state)
      : name_(std::move(name)), compare_(compare), state_(state) {}

  [[nodiscard]] int Compare(std::string_view a, std::string_view b) const override {
    return compare_(state_.get(), a.data(), a.size(), b.data(), b.size());
  }
  [[nodiscard]] std::string_view Name() const override { return name_; }
  [[nodiscard]] CallbackState& state() { return state_; }

 private:
  const std::string name_;
  const Function compare_;
  CallbackState state_;
};

// As CallbackComparator, of a function that may have no answer.
class CheckedCallbackComparator final : public Comparator {
 public:
  using Function = void (*)(void*, const char*, size_t, const char*, size_t, int*);

  CheckedCallbackComparator(std::string name, Function compare, void* state)
      : name_(std::move(name)), compare_(compare), state_(state) {}

  [[nodiscard]] int Compare(std::string_view a, std::string_view b) const override {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      int order = AMETHYST_NO_ORDER;
      compare_(state_.get(), a.data(), a.size(), b.data(), b.size(), &order);
      if (order != AMETHYST_NO_ORDER) return order;
    }
    throw base::Thrown(Error(ErrorCode::kInvalidArgument, "has no answer"));
  }
  [[nodiscard]] std::string_view Name() const override { return name_; }
  [[nodiscard]] CallbackState& state() { return state_; }

 private:
  static constexpr int kAttempts = 3;  // A signal may have interrupted the first.

  const std::string name_;
  const Function compare_;
  CallbackState state_;
};

// A handle on something that databases share.
template <typename T, typename HandleType, HandleKind kind>
struct SharedObject : HandleObject {
  using Handle = HandleType;
  static constexpr HandleKind kKind = kind;
  static constexpr auto kUse = HandleTable::Use::kShared;

  explicit SharedObject(std::shared_ptr<T> made) : shared(std::move(made)) {}

  const std::shared_ptr<T> shared;
};

struct ComparatorObject final : SharedObject<const Comparator, amethyst_comparator, HandleKind::kComparator> {
  using SharedObject::SharedObject;
  static constexpr std::string_view kName = "comparator";
};
struct EnvironmentObject final : SharedObject<io::Environment, amethyst_environment, HandleKind::kEnvironment> {
  using SharedObject::SharedObject;
  static constexpr std::string_view kName = "environment";
};
struct BudgetObject final : SharedObject<cache::MemoryBudget, amethyst_memory_budget, HandleKind::kMemoryBudget> {
  using SharedObject::SharedObject;
  static constexpr std::string_view kName = "memory budget";
};

template <typename Callback>
Status CreateComparator(const char* name, void* state, typename Callback::Function compare, void (*destroy)(void*),
                        amethyst_comparator** comparator) {
  AMETHYST_TRY(Wanted(name, "name"));
  AMETHYST_TRY(Wanted(comparator, "comparator"));
  if (compare == nullptr) return base::InvalidArgument("compare: null");
  const auto order = std::make_shared<Callback>(name, compare, state);
  HandOut(std::make_unique<ComparatorObject>(order), comparator);
  order->state().PromiseToDestroy(destroy);
  return {};
}

// Calls `visit` with a reference to the setting; false: there is none of that number.
template <typename Visitor>
bool VisitSetting(Options& options, amethyst_option option, Visitor visit) {
  switch (option) {
    case AMETHYST_OPTION_CREATE_IF_MISSING: visit(options.create_if_missing); return true;
    case AMETHYST_OPTION_ERROR_IF_EXISTS: visit(options.error_if_exists); return true;
    case AMETHYST_OPTION_READ_ONLY: visit(options.read_only); return true;
    case AMETHYST_OPTION_MEMORY_BUDGET_BYTES: visit(options.memory_budget_bytes); return true;
    case AMETHYST_OPTION_WRITE_BUFFER_BYTES: visit(options.write_buffer_bytes); return true;
    case AMETHYST_OPTION_BLOCK_BYTES: visit(options.block_bytes); return true;
    case AMETHYST_OPTION_COMPRESSION: visit(options.compression); return true;
    case AMETHYST_OPTION_GROUP_COMMIT_BYTES: visit(options.group_commit_bytes); return true;
    case AMETHYST_OPTION_GROUP_COMMIT_DELAY_US: visit(options.group_commit_delay_us); return true;
    case AMETHYST_OPTION_SYNC_INTERVAL_MS: visit(options.sync_interval_ms); return true;
    case AMETHYST_OPTION_BACKGROUND_THREADS: visit(options.background_threads); return true;
    case AMETHYST_OPTION_MAX_OPEN_FILES: visit(options.max_open_files); return true;
    case AMETHYST_OPTION_CACHE_POLICY: visit(options.cache_policy); return true;
    case AMETHYST_OPTION_DELETE_DEADLINE_S: visit(options.delete_deadline_s); return true;
    case AMETHYST_OPTION_EXTERNAL_LOG: visit(options.external_log); return true;
    case AMETHYST_OPTION_BACKGROUND_BYTES_PER_S: visit(options.background_bytes_per_s); return true;
  }
  return false;
}

constexpr uint64_t kBudgetBytesMin = uint64_t{4} << 20;
constexpr uint64_t kBudgetBytesMax = uint64_t{1} << 46;

// The greatest number that a setting of this type can hold.
constexpr uint64_t GreatestOf(bool) { return 1; }
constexpr uint64_t GreatestOf(Compression) { return AMETHYST_COMPRESSION_ZSTD; }
constexpr uint64_t GreatestOf(CachePolicy) { return AMETHYST_CACHE_LRU; }
constexpr uint64_t GreatestOf(uint32_t) { return std::numeric_limits<uint32_t>::max(); }
constexpr uint64_t GreatestOf(uint64_t) { return std::numeric_limits<uint64_t>::max(); }

static_assert(static_cast<int>(Compression::kZstd) == AMETHYST_COMPRESSION_ZSTD &&
              static_cast<int>(Compression::kLz4) == AMETHYST_COMPRESSION_LZ4 &&
              static_cast<int>(CachePolicy::kLru) == AMETHYST_CACHE_LRU);

Status SetOrder(OptionsObject& options, amethyst_comparator* comparator, const Comparator** order) {
  AMETHYST_ASSIGN(std::shared_ptr<const Comparator> shared, ComparatorOf(comparator));
  *order = shared == nullptr ? BytewiseComparator() : shared.get();
  if (shared != nullptr) options.comparators.push_back(std::move(shared));
  return {};
}

Status NoSuchOption(amethyst_option option) {
  return base::InvalidArgument("option {}: there is none of this number in version {} of the library",
                               static_cast<int>(option), amethyst_version());
}

}  // namespace

Result<std::shared_ptr<const MergeOperator>> MergeOperatorNamed(const char* name) {
  if (name == nullptr) return nullptr;
  auto built_in = BuiltInMergeOperator(name);
  if (built_in != nullptr) return built_in;
  return base::InvalidArgument("merge operator {}: there are int64.add, uint64.add, bit.or, max, min, append", name);
}

Result<std::shared_ptr<const Comparator>> ComparatorOf(amethyst_comparator* comparator) {
  if (comparator == nullptr) return nullptr;
  AMETHYST_ENTER(order, ComparatorObject, comparator);
  return order->shared;
}

Result<std::chrono::milliseconds> TtlOf(uint64_t ttl_ms) {
  constexpr auto kTtlMax = static_cast<uint64_t>(std::chrono::milliseconds::max().count());
  if (ttl_ms > kTtlMax) return base::InvalidArgument("a ttl of {} ms: it has at most {}", ttl_ms, kTtlMax);
  return std::chrono::milliseconds(ttl_ms);
}

}  // namespace amethyst::capi

using namespace amethyst::capi;  // NOLINT: C functions stand outside every namespace.
using amethyst::Status;
namespace base = amethyst::base;

amethyst_code amethyst_options_create(amethyst_options** options, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(options, "options"));
    HandOut(std::make_unique<OptionsObject>(), options);
    return {};
  });
}

amethyst_code amethyst_options_free(amethyst_options* options) { return Release<OptionsObject>(options); }

amethyst_code amethyst_options_set(amethyst_options* options, amethyst_option option, uint64_t value, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, OptionsObject, options);
    Status status;
    const bool known = VisitSetting(entered->options, option, [&]<typename T>(T& setting) {
      if (value <= GreatestOf(setting)) {
        setting = static_cast<T>(value);
      } else {
        status = base::InvalidArgument("option {}: {} is more than it can hold, {}", static_cast<int>(option), value,
                                       GreatestOf(setting));
      }
    });
    return known ? status : NoSuchOption(option);
  });
}

amethyst_code amethyst_options_get(amethyst_options* options, amethyst_option option, uint64_t* value, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(value, "value"));
    AMETHYST_ENTER(entered, OptionsObject, options);
    const bool known =
        VisitSetting(entered->options, option, [&](const auto& setting) { *value = static_cast<uint64_t>(setting); });
    return known ? Status() : NoSuchOption(option);
  });
}

amethyst_code amethyst_options_set_filter_false_positive_rate(amethyst_options* options, double rate, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, OptionsObject, options);
    if (!(rate > 0 && rate <= 1)) return base::InvalidArgument("filter rate {}: it must be over 0 and up to 1", rate);
    entered->options.filter_false_positive_rate = rate;
    return {};
  });
}

amethyst_code amethyst_options_set_comparator(amethyst_options* options, amethyst_comparator* comparator,
                                              char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, OptionsObject, options);
    return SetOrder(*entered, comparator, &entered->options.comparator);
  });
}

amethyst_code amethyst_options_set_family_comparator(amethyst_options* options, const char* family,
                                                     amethyst_comparator* comparator, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(family, "family"));
    AMETHYST_ENTER(entered, OptionsObject, options);
    amethyst::Options& to = entered->options;
    const bool is_default = std::string_view(family) == "default";
    return SetOrder(*entered, comparator, is_default ? &to.comparator : &to.families[family].comparator);
  });
}

amethyst_code amethyst_options_set_merge_operator(amethyst_options* options, const char* family,
                                                  const char* merge_operator, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(family, "family"));
    AMETHYST_ENTER(entered, OptionsObject, options);
    AMETHYST_ASSIGN(auto named, MergeOperatorNamed(merge_operator));
    entered->options.families[family].merge_operator = std::move(named);
    return {};
  });
}

amethyst_code amethyst_options_set_ttl(amethyst_options* options, const char* family, uint64_t ttl_ms, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(family, "family"));
    AMETHYST_ENTER(entered, OptionsObject, options);
    AMETHYST_ASSIGN(const std::chrono::milliseconds ttl, TtlOf(ttl_ms));
    entered->options.families[family].ttl = ttl;
    return {};
  });
}

amethyst_code amethyst_options_set_environment(amethyst_options* options, amethyst_environment* environment,
                                               char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, OptionsObject, options);
    if (environment == nullptr) {
      entered->components.environment = nullptr;
      return {};
    }
    AMETHYST_ENTER(files, EnvironmentObject, environment);
    entered->components.environment = files->shared;
    return {};
  });
}

amethyst_code amethyst_options_set_memory_budget(amethyst_options* options, amethyst_memory_budget* budget,
                                                 char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, OptionsObject, options);
    if (budget == nullptr) {
      entered->components.memory_budget = nullptr;
      return {};
    }
    AMETHYST_ENTER(memory, BudgetObject, budget);
    entered->components.memory_budget = memory->shared;
    return {};
  });
}

amethyst_code amethyst_options_set_logger(amethyst_options* options, void* state,
                                          void (*log)(void* state, const char* line, size_t line_bytes),
                                          void (*destroy)(void* state), char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_ENTER(entered, OptionsObject, options);
    const auto shared = std::make_shared<CallbackState>(state);
    if (log == nullptr) {
      entered->components.logger = nullptr;
    } else {
      entered->components.logger = [shared, log](std::string_view line) {
        log(shared->get(), line.data(), line.size());
      };
    }
    shared->PromiseToDestroy(destroy);
    return {};
  });
}

amethyst_code amethyst_comparator_create(const char* name, void* state,
                                         int (*compare)(void* state, const char* a, size_t a_bytes, const char* b,
                                                        size_t b_bytes),
                                         void (*destroy)(void* state), amethyst_comparator** comparator, char** error) {
  return Call(error, [&] { return CreateComparator<CallbackComparator>(name, state, compare, destroy, comparator); });
}

amethyst_code amethyst_comparator_create_checked(const char* name, void* state,
                                                 void (*compare)(void* state, const char* a, size_t a_bytes,
                                                                 const char* b, size_t b_bytes, int* order),
                                                 void (*destroy)(void* state), amethyst_comparator** comparator,
                                                 char** error) {
  return Call(error,
              [&] { return CreateComparator<CheckedCallbackComparator>(name, state, compare, destroy, comparator); });
}

amethyst_code amethyst_comparator_free(amethyst_comparator* comparator) {
  return Release<ComparatorObject>(comparator);
}

amethyst_code amethyst_environment_create_in_memory(amethyst_environment** environment, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(environment, "environment"));
    HandOut(std::make_unique<EnvironmentObject>(amethyst::NewInMemoryEnvironment()), environment);
    return {};
  });
}

amethyst_code amethyst_environment_free(amethyst_environment* environment) {
  return Release<EnvironmentObject>(environment);
}

amethyst_code amethyst_memory_budget_create(uint64_t bytes, amethyst_memory_budget** budget, char** error) {
  return Call(error, [&]() -> Status {
    AMETHYST_TRY(Wanted(budget, "budget"));
    if (bytes < kBudgetBytesMin || bytes > kBudgetBytesMax) {
      return base::InvalidArgument("a memory budget of {} bytes: it must be from {} to {}", bytes, kBudgetBytesMin,
                                   kBudgetBytesMax);
    }
    HandOut(std::make_unique<BudgetObject>(amethyst::NewMemoryBudget(bytes)), budget);
    return {};
  });
}

amethyst_code amethyst_memory_budget_free(amethyst_memory_budget* budget) { return Release<BudgetObject>(budget); }
