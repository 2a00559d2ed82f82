# Fetches the source packages of Debian 12 that tests run, once, into the cache of the user. To be sourced by bash.
#
# fetch_debian_source PACKAGE DIRECTORY: sets `sources` to upstream's tree, which unpacks as DIRECTORY. Exits with 77
# (skipped) where it cannot be had. Nothing of it is ever committed.

fetch_debian_source() {
  local cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/amethyst
  sources=$cache/$2
  if [[ -e $sources/.complete ]]; then return; fi
  local work host status=0
  work=$(mktemp -d)
  # A list of sources of its own, beside the system's: nothing of the system is changed.
  host=$(apt-get indextargets --format '$(SITE)' 2> /dev/null | grep -m 1 debian || true)
  printf 'deb-src %s bookworm main\ndeb-src %s bookworm-updates main\n' "$host" "$host" > "$work/sources.list"
  mkdir -p "$work/lists/partial" "$work/fetched" "$cache"
  local options=(-qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::State::lists="$work/lists")
  (cd "$work/fetched" && apt-get "${options[@]}" update && apt-get "${options[@]}" source --download-only "$1" &&
    tar -xf "$1"_*.orig.tar.* -C "$work" && touch "$work/$2/.complete" && rm -rf "$sources" &&
    mv "$work/$2" "$cache") > "$work/log" 2>&1 || status=$?
  if [[ $status != 0 ]]; then
    echo "the sources of $2 cannot be had: $(tail -n 1 "$work/log")"
    rm -rf "$work"
    exit 77
  fi
  rm -rf "$work"
}
