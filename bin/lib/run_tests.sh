# Runs ctest concisely and adds up what it counted. To be sourced after setup.sh.

tests_passed=0
tests_failed=0
tests_skipped=0

# The folders whose tests start threads: those that exist in this tree.
folders_with_threads() {
  local folder folders=()
  for folder in base io cache wal memtable sstable tree catalog compaction engine api capi repair; do
    if compgen -G "$root/tests/$folder/*_test.c*" > /dev/null; then folders+=("$folder"); fi
  done
  echo "${folders[*]}"
}

# run_tests PRESET [CTEST OPTION...]: failures in full, a line for each hundred that pass. Adds to the counts. One test
# more than there are processors runs at a time, as some wait for the disk.
run_tests() {
  local preset=$1
  shift
  local results=$root/build/$preset/results.xml status=0
  rm -f "$results"
  say "testing build/$preset"
  (cd "$root" && ctest --preset "$preset" --parallel $(($(nproc) + 1)) --no-tests=ignore --output-junit "$results" \
    "$@") 2>&1 < /dev/null |
    awk '
      / Start +[0-9]+: / || /^Preset CMake variables/ { next }
      / Passed +[0-9.]+ sec$/ { if (++passed % 100 == 0) { print passed " tests passed so far"; fflush() } next }
      NF { print; fflush() }' || status=$?
  local total=0 failed=0 skipped=0 disabled=0
  if [[ -e $results ]]; then
    read -r total failed skipped disabled < <(count_results "$results")
  fi
  # ctest failed without a failed test: it did not start, or a test could not be run. What it said is above.
  if [[ $status != 0 && $failed == 0 ]]; then
    total=$((total + 1)) failed=1
  fi
  tests_passed=$((tests_passed + total - failed - skipped - disabled))
  tests_failed=$((tests_failed + failed))
  tests_skipped=$((tests_skipped + skipped + disabled))
}

# Tests, failures, skipped and disabled ones in a JUnit file of ctest's.
count_results() {
  python3 -c '
import sys, xml.etree.ElementTree
suite = xml.etree.ElementTree.parse(sys.argv[1]).getroot()
print(*(suite.get(name) for name in ("tests", "failures", "skipped", "disabled")))' "$1"
}

# Prints the counts as the last line and exits: 0 only if something passed and nothing failed.
finish_tests() {
  echo "$tests_passed passed, $tests_failed failed, $tests_skipped skipped"
  [[ $tests_failed == 0 && $tests_passed != 0 ]]
  exit
}
