#include "compat/leveldb/c_objects.h"

extern "C" {

leveldb_options_t* leveldb_options_create(void) { return new leveldb_options_t; }
void leveldb_options_destroy(leveldb_options_t* options) { delete options; }

void leveldb_options_set_comparator(leveldb_options_t* opt, leveldb_comparator_t* cmp) {
  opt->options.comparator = cmp;
}
void leveldb_options_set_filter_policy(leveldb_options_t* opt, leveldb_filterpolicy_t* policy) {
  opt->options.filter_policy = policy == nullptr ? nullptr : policy->policy();
}
void leveldb_options_set_create_if_missing(leveldb_options_t* opt, uint8_t v) { opt->options.create_if_missing = v; }
void leveldb_options_set_error_if_exists(leveldb_options_t* opt, uint8_t v) { opt->options.error_if_exists = v; }
void leveldb_options_set_paranoid_checks(leveldb_options_t* opt, uint8_t v) { opt->options.paranoid_checks = v; }
void leveldb_options_set_env(leveldb_options_t* opt, leveldb_env_t* env) {
  opt->options.env = env == nullptr ? nullptr : env->env;
}
void leveldb_options_set_info_log(leveldb_options_t* opt, leveldb_logger_t* l) {
  opt->options.info_log = l == nullptr ? nullptr : l->logger;
}
void leveldb_options_set_write_buffer_size(leveldb_options_t* opt, size_t s) { opt->options.write_buffer_size = s; }
void leveldb_options_set_max_open_files(leveldb_options_t* opt, int n) { opt->options.max_open_files = n; }
void leveldb_options_set_cache(leveldb_options_t* opt, leveldb_cache_t* c) { opt->options.block_cache = c->cache; }
void leveldb_options_set_block_size(leveldb_options_t* opt, size_t s) { opt->options.block_size = s; }
void leveldb_options_set_block_restart_interval(leveldb_options_t* opt, int n) {
  opt->options.block_restart_interval = n;
}
void leveldb_options_set_max_file_size(leveldb_options_t* opt, size_t s) { opt->options.max_file_size = s; }
void leveldb_options_set_compression(leveldb_options_t* opt, int t) {
  opt->options.compression = static_cast<leveldb::CompressionType>(t);
}

leveldb_readoptions_t* leveldb_readoptions_create(void) { return new leveldb_readoptions_t; }
void leveldb_readoptions_destroy(leveldb_readoptions_t* opt) { delete opt; }
void leveldb_readoptions_set_verify_checksums(leveldb_readoptions_t* opt, uint8_t v) {
  opt->options.verify_checksums = v;
}
void leveldb_readoptions_set_fill_cache(leveldb_readoptions_t* opt, uint8_t v) { opt->options.fill_cache = v; }
void leveldb_readoptions_set_snapshot(leveldb_readoptions_t* opt, const leveldb_snapshot_t* snap) {
  opt->options.snapshot = snap == nullptr ? nullptr : snap->snapshot;
}

leveldb_writeoptions_t* leveldb_writeoptions_create(void) { return new leveldb_writeoptions_t; }
void leveldb_writeoptions_destroy(leveldb_writeoptions_t* opt) { delete opt; }
void leveldb_writeoptions_set_sync(leveldb_writeoptions_t* opt, uint8_t v) { opt->options.sync = v; }

}  // extern "C"
