#!/usr/bin/env bash
# Kyoto Cabinet's import of TSV removes records, and passes others over.
#
#   findings/kyoto-cabinet-import-removes-records.sh
#
# `kctreemgr list -pv` prints a key, a tab and a value in a line; `kctreemgr import` reads such lines. The manual
# says of it no more than that it imports records from a TSV file. A line with one field removes the record of that
# key, and one with three is left out; the exit code is 0, and the count that it prints is that of the lines. So a
# value with a line feed, listed in one database, takes a record out of another; a list of keys empties a database.
# `tcbmgr importtsv` of Tokyo Cabinet and `tkrzw_dbm_util import --tsv`, by the same author, leave one field out,
# and take all that stands behind the first tab for the value.
#
# Kyoto Cabinet's other way, `dump` and `load`, brings all records over; both say that there were 0.
#
# Needs Debian 12 on amd64 and package lists (apt-get update). Works in a temporary folder.
# Exit code 0: seen again; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download kyotocabinet-utils=1.2.79-2+b1 libkyotocabinet16v5=1.2.79-2+b1 liblzo2-2=2.10-2 \
  tokyocabinet-bin=1.4.48-15 libtokyocabinet9=1.4.48-15 tkrzw-utils=1.0.25-1 libtkrzw1=1.0.25-1 > apt.log 2>&1
for package in *.deb; do dpkg-deb --extract "$package" root; done
export LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu:$folder/root/lib/x86_64-linux-gnu
export PATH=$folder/root/usr/bin:$PATH

expect() { # WHAT EXPECTED ACTUAL
  printf '%-52s %s\n' "$1:" "$3"
  if [[ $2 != "$3" ]]; then
    echo "this has changed: it was $2"
    exit 1
  fi
}
one_line() { # standard input, with | between lines and : for a tab
  tr '\t' ':' | paste -sd'|'
}

printf 'lily\twhite\nrose\tred\n' > flowers.tsv

kctreemgr create poems.kct
kctreemgr set poems.kct poem $'my love is like a\nrose'
kctreemgr set poems.kct table $'a\tb'
kctreemgr list -pv poems.kct > poems.tsv
expect "the listing of two records" "poem:my love is like a|rose|table:a:b" "$(one_line < poems.tsv)"

kctreemgr create target.kct
kctreemgr import target.kct flowers.tsv > import.log
expect "Kyoto Cabinet, before" "lily:white|rose:red" "$(kctreemgr list -pv target.kct | one_line)"
code=0
kctreemgr import target.kct poems.tsv > import.log || code=$?
expect "exit code, and what it says" "0 ... (3)" "$code $(one_line < import.log)"
expect "Kyoto Cabinet, after" "lily:white|poem:my love is like a" "$(kctreemgr list -pv target.kct | one_line)"

tcbmgr create target.tcb
tcbmgr importtsv target.tcb flowers.tsv > import.log
tcbmgr importtsv target.tcb poems.tsv > import.log
expect "Tokyo Cabinet, after the same" "lily:white|poem:my love is like a|rose:red|table:a:b" \
  "$(tcbmgr list -pv target.tcb | one_line)"
tkrzw_dbm_util create target.tkt > import.log
tkrzw_dbm_util import --tsv target.tkt flowers.tsv > import.log
tkrzw_dbm_util import --tsv target.tkt poems.tsv > import.log
expect "Tkrzw, after the same" "lily:white|poem:my love is like a|rose:red|table:a:b" \
  "$(tkrzw_dbm_util list target.tkt | one_line)"

kctreemgr import target.kct flowers.tsv > import.log
kctreemgr list target.kct > keys.tsv
kctreemgr import target.kct keys.tsv > import.log
expect "Kyoto Cabinet, after an import of its own keys" "" "$(kctreemgr list target.kct | one_line)"

expect "what dump says" "0 records were dumped successfully" "$(kctreemgr dump poems.kct poems.snapshot | tail -1)"
kctreemgr create copy.kct
expect "what load says" "0 records were loaded successfully" "$(kctreemgr load copy.kct poems.snapshot | tail -1)"
expect "keys after load" "poem|table" "$(kctreemgr list copy.kct | one_line)"
