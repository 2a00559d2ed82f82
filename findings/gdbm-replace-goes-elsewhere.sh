#!/usr/bin/env bash
# GDBM's tools, told to replace records of a database, drop its other ones or write into another database.
#
#   findings/gdbm-replace-goes-elsewhere.sh
#
# GDBM 1.23. The manual page of gdbm_load says of --replace that it replaces records in a database that exists. In truth
# the database is made anew: a record that the dump does not have is gone, and the exit code is 0. The option --update,
# which keeps such records, came later.
#
# gdbmtool has a command `import`, of which its manual page names no target. As the first command for the database that
# stands on the command line, it leaves that one alone, writes into the file that the dump was taken from, and goes on
# with that file. After any command that reads the database, the same `import` goes into it.
#
# Needs Debian 12 on amd64 and package lists (apt-get update). Works in a temporary folder.
# Exit code 0: seen again; 1: it has changed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download gdbmtool=1.23-3 libgdbm6=1.23-3 > apt.log 2>&1
for package in *.deb; do dpkg-deb --extract "$package" root; done
export LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu
export PATH=$folder/root/usr/bin:$PATH

expect() { # WHAT EXPECTED ACTUAL
  printf '%-44s %s\n' "$1:" "$3"
  if [[ $2 != "$3" ]]; then
    echo "this has changed: it was $2"
    exit 1
  fi
}
records() { # DATABASE
  echo list | gdbmtool --read-only "$1" | sort | paste -sd'|'
}
fresh() { # makes target.db, of two records
  rm -f target.db
  printf 'store apple old\nstore cherry kept\n' | gdbmtool target.db
}

printf 'store apple new\nstore banana new\n' | gdbmtool source.db
gdbm_dump source.db source.dump

expect "version" "gdbm_load (gdbm) 1.23" "$(gdbm_load --version | head -1)"
fresh
expect "the database" "apple old|cherry kept" "$(records target.db)"
expect "in the dump" "apple new|banana new" "$(records source.db)"
code=0
gdbm_load --replace source.dump target.db || code=$?
expect "exit code of gdbm_load --replace" 0 "$code"
expect "the database after it" "apple new|banana new" "$(records target.db)"

fresh
printf 'store apple since\n' | gdbmtool source.db
code=0
echo 'import source.dump replace' | gdbmtool target.db || code=$?
expect "exit code of import into target.db" 0 "$code"
expect "target.db after it" "apple old|cherry kept" "$(records target.db)"
expect "source.db after it" "apple new|banana new" "$(records source.db)"

printf 'store apple since\n' | gdbmtool source.db
printf 'count\nimport source.dump replace\n' | gdbmtool target.db > import.log
expect "target.db after count and import" "apple new|banana new|cherry kept" "$(records target.db)"
expect "source.db after count and import" "apple since|banana new" "$(records source.db)"
