# Which lines of src the tests of build/asan ran, which counts them. To be sourced after run_tests.sh.

# Forgets what earlier runs counted.
begin_coverage() {
  rm -rf "$root/build/asan/profiles"
}

# report_coverage [OPTION OF tools/coverage.py...]: the table by folder. Counts as a test, that fails if too little ran.
report_coverage() {
  local profiles=$root/build/asan/profiles programs=() program
  for program in "$root"/build/asan/tests/*_test; do programs+=(--object "$program"); done
  if llvm-profdata-19 merge --sparse -o "$profiles/all.profdata" "$profiles"/*.profraw &&
    llvm-cov-19 export --format=lcov --instr-profile "$profiles/all.profdata" "${programs[@]}" \
      --sources "$root/src" "$root/include" > "$profiles/lines.lcov" &&
    python3 "$root/tools/coverage.py" "$root" "$profiles/lines.lcov" "$@"; then
    tests_passed=$((tests_passed + 1))
  else
    tests_failed=$((tests_failed + 1))
  fi
}
