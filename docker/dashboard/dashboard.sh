#!/usr/bin/env bash
# The dashboards beside the demo's warehouse: installs Apache Superset into a folder of its own and serves it.
#
#   dashboard.sh          installs what is missing, imports the dashboards, serves them until Ctrl-C
#   dashboard.sh stop     stops what an earlier run left running
#   dashboard.sh install  installs only
#
#   DEMO_HOME=.demo            where the demo's cluster lives
#   DASHBOARD_HOME=.dashboard  where Superset keeps what is its own; it is installed into .dashboard/venv
#   DASHBOARD_PORT=8088
set -euo pipefail
cd "$(dirname "$0")/../.."

demo=${DEMO_HOME:-.demo}
home=$(realpath -m "${DASHBOARD_HOME:-.dashboard}")
venv=$PWD/.dashboard/venv
port=${DASHBOARD_PORT:-8088}
here=docker/dashboard

say() { printf 'dashboard: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }

# The server of an earlier run, if it is still that one: process ids are used again.
running() {
    local pid
    pid=$(cat "$home/server.pid" 2>/dev/null) || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "$here/serve.sh\|gunicorn" && echo "$pid"
}

stop() {
    local pid patience=100
    pid=$(running) || return 0
    kill "$pid" 2>/dev/null || true
    while running >/dev/null; do
        ((patience--)) || kill -KILL "$pid" 2>/dev/null || true
        sleep 0.1
    done
    rm -f "$home/server.pid"
    say "stopped"
}

# Into a virtual environment, anew when the list of packages changed.
install() {
    local python=${PYTHON:-python3}
    cmp -s "$here/requirements.txt" "$venv/installed" && return
    "$python" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null ||
        die "Superset and the versions of requirements.txt need Python 3.11 or 3.12 with venv (apt-get install python3-venv), or PYTHON=/path/to/one"
    say "installing Apache Superset into $venv: about two minutes, once"
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/pip" install --no-cache-dir --no-compile --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/installed"
}

secret() { # file: made when it is not there, readable by its owner only
    [ -s "$1" ] || (umask 077; head -c 15 /dev/urandom | base64 | tr -d '/+=\n' >"$1")
}

psql() {
    command "${PG_CONFIG:+$("$PG_CONFIG" --bindir)/}psql" -X -q -v ON_ERROR_STOP=1 -h "$socket" -p "$db_port" -U postgres "$@"
}

# The dashboards read as a member of starsink_reader, whose password is made by chance.
find_warehouse() {
    mkdir -p "$home/superset"
    [ -s "$demo/data/postmaster.pid" ] || die "no demo runs in $demo: make demo first"
    socket=$(readlink -f "$demo")
    db_port=$(sed -n 4p "$demo/data/postmaster.pid")
    secret "$home/warehouse_password"
    # From a file to psql's input: not in the list of processes, nor in the server's log.
    psql -d shop <<SQL
SET log_statement = 'none';
SET log_min_error_statement = panic;
DO \$\$
BEGIN
    IF to_regrole('starsink_dashboard') IS NULL THEN
        CREATE ROLE starsink_dashboard LOGIN IN ROLE starsink_reader;
    END IF;
END
\$\$;
COMMENT ON ROLE starsink_dashboard IS 'Superset logs in as it; reads what starsink_reader reads.';
ALTER ROLE starsink_dashboard PASSWORD '$(cat "$home/warehouse_password")' CONNECTION LIMIT 40;
ALTER ROLE starsink_dashboard SET default_transaction_read_only = on;
ALTER ROLE starsink_dashboard SET statement_timeout = '30s';
SQL
}

start() {
    secret "$home/password"
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && die "port $port is taken: DASHBOARD_PORT=…"
    PATH=$venv/bin:$PATH SUPERSET_HOME=$home/superset \
        DASHBOARD_ADMIN_PASSWORD_FILE=$home/password DASHBOARD_ADDRESS=127.0.0.1:$port \
        STARSINK_HOST=127.0.0.1 STARSINK_PORT=$db_port STARSINK_DATABASE=shop STARSINK_USER=starsink_dashboard \
        STARSINK_PASSWORD_FILE=$home/warehouse_password \
        setsid "$here/serve.sh" >"$home/server.log" 2>&1 </dev/null &
    echo $! >"$home/server.pid"
}

await_server() {
    local patience=3000
    until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        # Not running(): it may not be what it becomes yet.
        if ! kill -0 "$(cat "$home/server.pid")" 2>/dev/null || ((patience-- == 0)); then
            tail -n 30 "$home/server.log" >&2
            die "Superset did not start"
        fi
        sleep 0.1
    done
}

case ${1:-} in
    stop) stop; exit ;;
    install) install; exit ;;
    "" | start) ;;
    *) die "no such command: $1" ;;
esac
install
stop
find_warehouse
say "importing the dashboards"
start
await_server
say "http://127.0.0.1:$port/superset/dashboard/shop/     what sells where"
say "http://127.0.0.1:$port/superset/dashboard/live/     what happens just now"
say "http://127.0.0.1:$port/superset/dashboard/pipeline/ how the pipeline is"
say "log in as admin, password $(cat "$home/password")"
[ "${1:-}" = start ] && exit
say "Ctrl-C or make dashboard-stop ends it"
trap 'echo; stop; exit 0' INT TERM
while running >/dev/null; do
    sleep 1
done
tail -n 30 "$home/server.log" >&2
die "Superset has ended"
