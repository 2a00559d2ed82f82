# What bin/amethyst, bin/test, bin/bench and .ci/run share: install what is missing, configure, build. To be sourced by
# bash.
#
# Nothing here asks a question, and everything that it says goes to standard error, so that standard output belongs
# to the program. A second run finds all in place and takes well under a second.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() {
  printf 'amethyst: %s\n' "$*" >&2
}

# The packages of the named groups of packages.txt.
packages_of() {
  awk -v groups=" $* " '
    /^\[.*\]$/ { wanted = index(groups, " " substr($0, 2, length($0) - 2) " ") > 0; next }
    /^[^#]/ && wanted { print }' "$root/bin/lib/packages.txt"
}

# "node", the group, unless there is a Node.js with npm and headers already. One from elsewhere than Debian will do, and
# Debian's packages would be in its way.
node_group() {
  if ! command -v node > /dev/null || ! command -v npm > /dev/null ||
    [[ ! -e $(dirname "$(readlink -f "$(command -v node)")")/../include/node/node_api.h ]]; then
    echo node
  fi
}

# setup GROUP...: installs what is missing of these groups of packages. Sets `installed` to how many that were.
installed=0
setup() {
  local wanted present missing
  if ! command -v dpkg-query > /dev/null; then
    say "this is no Debian system: taking the compilers and libraries as they are (see bin/lib/packages.txt)"
    return
  fi
  wanted=$(packages_of "$@" | sort)
  # shellcheck disable=SC2086  # The names are words.
  present=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2> /dev/null |
    awk '$2 == "installed" { print $1 }' | sort -u || true)
  missing=$(comm -23 <(echo "$wanted") <(echo "$present") | tr '\n' ' ')
  missing=${missing% }
  if [[ -n $missing ]]; then
    install_packages $missing
  fi
}

install_packages() {
  local as_root=()
  if [[ $(id -u) != 0 ]]; then
    as_root=(sudo -n)
    if ! sudo -n true 2> /dev/null; then
      say "packages are missing, and installing them takes root. Run this, then try again:"
      printf '  sudo apt-get update && sudo apt-get install --no-install-recommends -y %s\n' "$*" >&2
      exit 3
    fi
  fi
  say "installing $# packages: $*"
  local apt_get=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
  local log
  log=$(mktemp)
  # The package lists may be absent or old: they are fetched only if installing fails without.
  if ! "${apt_get[@]}" install -y --no-install-recommends "$@" > "$log" 2>&1 < /dev/null; then
    if ! { "${apt_get[@]}" update && "${apt_get[@]}" install -y --no-install-recommends "$@"; } \
      > "$log" 2>&1 < /dev/null; then
      tail -n 20 "$log" >&2
      rm -f "$log"
      say "apt-get could not install them; its last lines are above"
      exit 3
    fi
  fi
  rm -f "$log"
  installed=$#
}

# build PRESET [TARGET...]: configures build/PRESET where needed and builds the targets (all by default).
build() {
  local preset=$1
  shift
  local directory=$root/build/$preset
  mkdir -p "$directory"
  # One build at a time in a directory: ninja has no lock of its own.
  {
    flock 9
    if [[ $installed != 0 || ! -e $directory/build.ninja || $root/CMakePresets.json -nt $directory/build.ninja ]]; then
      configure "$preset"
    fi
    if ! ninja -C "$directory" "$@" 9>&- 2>&1 < /dev/null | show_progress "build/$preset"; then
      say "the build failed; what the compiler said is above"
      exit 1
    fi
  } 9> "$directory/.lock"
}

configure() {
  local log=$root/build/$1/configure.log
  say "configuring build/$1"
  if ! (cd "$root" && cmake --preset "$1") > "$log" 2>&1 9>&- < /dev/null; then
    cat "$log" >&2
    say "cmake failed; what it said is above"
    exit 1
  fi
  touch "$root/build/$1/build.ninja"
}

# Turns ninja's line for each step into a few lines (one that is overwritten, on a terminal); passes on the rest.
show_progress() {
  local terminal=0
  if [[ -t 2 ]]; then terminal=1; fi
  awk -v name="$1" -v terminal="$terminal" '
    /^\[[0-9]+\/[0-9]+\] / {
      if (/\] (Re-checking globbed|Re-running CMake)/) next
      split(substr($1, 2), counts, /[\/\]]/)
      percent = int(100 * counts[1] / counts[2])
      progress = sprintf("amethyst: %s %d%% (%d of %d)", name, percent, counts[1], counts[2])
      if (terminal) { printf "\r%s\033[K", progress; open_line = 1 }
      else if (percent >= next_percent) print progress
      if (percent >= next_percent) next_percent = percent - percent % 20 + 20
      fflush()
      next
    }
    /^ninja: (no work to do|Entering directory)/ || /^-- / { next }
    { if (open_line) printf "\n"; open_line = 0; print; fflush() }
    END { if (open_line) printf "\r\033[K" }' >&2
}

# The comment at the head of a script is its help.
print_help() {
  awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$1"
}
