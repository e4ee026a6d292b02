#!/usr/bin/env bash
# The demo behind `make demo`: a cluster of its own, a broker, a stream of shop events, and what becomes of them.
#
#   demo.sh         starts all of it, anew if a demo is there already; expects `make install` and the bin `produce`
#   demo.sh stop    stops all that an earlier run left running
#   demo.sh clean   stops it, and removes the folder, in /tmp too
#
#   BROKER=mock        mock: a broker inside the producer; kafka: Apache Kafka; host:port: a broker that is there
#   DEMO_SECONDS=60    how long to watch; when it is given, the stream ends then, else it goes on in the background
#   DEMO_RATE=1000     events a second
#   DEMO_PARTITIONS=4  partitions of the topic (on a broker that is there: how many it has)
#   DEMO_HISTORY=0     events of the past to begin with, over the DEMO_DAYS=60 days before now
#   DEMO_HOME=.demo    where it lives
#   DEMO_STOP=0        1: stop everything at the end
set -euo pipefail
cd "$(dirname "$0")/.."

broker=${BROKER:-mock}
seconds=${DEMO_SECONDS:-60}
rate=${DEMO_RATE:-1000}
partitions=${DEMO_PARTITIONS:-4}
history=${DEMO_HISTORY:-0}
days=${DEMO_DAYS:-60}
place=${DEMO_HOME:-.demo}
# Stands in a folder that a demo has made: others are not touched.
MARK=starsink.demo
topic=product_events
database=shop
produce=${CARGO_TARGET_DIR:-target}/release/produce

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }

# PostgreSQL refuses to run as root: then it is the user postgres who runs it.
as_server() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

# What another has put there stays, whatever DEMO_HOME says; a link whose folder in /tmp is gone is a demo's, too.
is_own() {
    [ -e "$place/$MARK" ] || { [ -L "$place" ] && [ ! -e "$place" ] && [[ $(readlink "$place") == /tmp/starsink-demo.* ]]; }
}
if [ -e "$place" ] || [ -L "$place" ]; then
    is_own || die "$place is no folder of a demo: it is left as it is. Name another by DEMO_HOME, or remove it yourself"
fi

# Nothing was ever started: nothing to stop, and maybe no PostgreSQL yet.
case ${1:-} in
    stop) [ -e "$place" ] || exit 0 ;;
    clean) [ -e "$place" ] || { rm -f "$place"; exit 0; } ;;
esac
bindir=$("${PG_CONFIG:-pg_config}" --bindir) || die "no pg_config: run it by make demo"

# Where the demo lives: .demo, or a folder in /tmp behind that name when the server's user cannot reach the checkout
# or a socket's path would be too long.
make_home() {
    if as_server test -x "$PWD" && [ "${#PWD}" -lt 80 ]; then
        mkdir -m 700 "$place"
        touch "$place/$MARK"
    else
        home=$(mktemp -d /tmp/starsink-demo.XXXXXX)
        touch "$home/$MARK"
        ln -s "$home" "$place"
    fi
    home=$(readlink -f "$place")
    if [ "$(id -u)" -eq 0 ]; then
        chown postgres: "$home"
    fi
}

remove_home() {
    if [ -L "$place" ]; then
        case $(readlink "$place") in
            /tmp/starsink-demo.*) rm -rf "$(readlink "$place")" ;;
        esac
    fi
    rm -rf "$place"
}

# The producer that an earlier run has left, if it is still that one: process ids are used again.
running_producer() {
    local pid
    pid=$(cat "$place/producer.pid" 2>/dev/null) || return 1
    [ "$(readlink "/proc/$pid/exe" 2>/dev/null | sed 's/ (deleted)$//')" = "$(cat "$place/producer.exe")" ] && echo "$pid"
}

stop_producer() {
    local pid patience=50
    pid=$(running_producer) || return 0
    kill "$pid" 2>/dev/null || return 0
    while running_producer >/dev/null; do
        ((patience--)) || kill -KILL "$pid" 2>/dev/null || true
        sleep 0.1
    done
    # The folder of a broker that ended with it.
    rm -rf "/tmp/starsink-$pid-"*
    echo "demo: the producer and its broker are stopped"
}

stop_cluster() {
    [ -e "$place/data/postmaster.pid" ] || return 0
    as_server "$bindir/pg_ctl" -D "$(readlink -f "$place")/data" -m fast -w stop >/dev/null 2>&1 || return 0
    echo "demo: the cluster is stopped"
}

stop() {
    stop_producer
    stop_cluster
}

free_port() {
    local port
    for ((port = 54320; port < 54420; port++)); do
        # Nobody answers there.
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
    die "no free port from 54320 to 54419"
}

start_cluster() {
    port=$(free_port)
    password=$(head -c 15 /dev/urandom | base64 | tr -d '/+=')
    # Local connections need no password, since nobody else can reach the folder with the socket.
    as_server tee "$home/password" <<<"$password" >/dev/null
    as_server "$bindir/initdb" -D "$home/data" -U postgres -E UTF8 --locale=C.UTF-8 --no-instructions \
        --auth-local=trust --auth-host=scram-sha-256 --pwfile="$home/password" >/dev/null
    as_server tee -a "$home/data/postgresql.conf" >/dev/null <<CONF
shared_preload_libraries = 'starsink'
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$home'
max_wal_size = 4GB
CONF
    as_server "$bindir/pg_ctl" -D "$home/data" -l "$home/server.log" -w start >/dev/null || {
        tail -n 20 "$home/server.log" >&2
        die "the server did not start"
    }
    psql=("$bindir/psql" -X -h "$home" -p "$port" -U postgres)
    "${psql[@]}" -d postgres -qc "CREATE DATABASE $database"
}

start_producer() {
    local arguments=(--topic "$topic" --partitions "$partitions" --rate "$rate" --bad 0.002 --duplicates 0.005
        --history "$history" --history-days "$days")
    if [ -n "${DEMO_SECONDS:-}" ]; then
        # A little longer than the watching, which begins later.
        arguments+=(--seconds "$((seconds + 3))")
    fi
    case $broker in
        mock | kafka) arguments+=("--$broker") ;;
        *) arguments+=(--bootstrap "$broker") ;;
    esac
    # A session of its own: Ctrl-C ends the watching, not the stream.
    setsid "$produce" "${arguments[@]}" >"$home/producer.log" 2>&1 </dev/null &
    echo $! >"$home/producer.pid"
    readlink -f "$produce" >"$home/producer.exe"
    find_broker
}

# The first line of a producer with a broker of its own says where that is.
find_broker() {
    local patience=3000
    case $broker in
        mock | kafka) ;;
        *) bootstrap=$broker; return ;;
    esac
    until bootstrap=$(sed -n 's/^bootstrap=//p' "$home/producer.log") && [ -n "$bootstrap" ]; do
        if ! kill -0 "$(cat "$home/producer.pid")" 2>/dev/null || ((patience-- == 0)); then
            tail -n 20 "$home/producer.log" >&2
            die "the broker did not start"
        fi
        sleep 0.1
    done
}

# Shows a statement as psql would, and runs it.
sql() {
    printf '%s=# %s\n' "$database" "$1"
    "${psql[@]}" -d "$database" -v ON_ERROR_STOP=1 -c "$1"
}

ask() {
    "${psql[@]}" -d "$database" -v ON_ERROR_STOP=1 -Atqc "$1"
}

live_line() {
    ask "
        SELECT format('%s events/s | loaded %s | lag %s (%s s) | latency p50 %s ms, p99 %s ms | quarantined %s | duplicates %s',
                      to_char(s.rate, 'FM999,999,990'), to_char(r.loaded, 'FM999,999,999,990'),
                      coalesce(to_char(s.lag, 'FM999,999,990'), '-'), coalesce(to_char(s.lag_seconds, 'FM999,990.0'), '-'),
                      coalesce(to_char(s.p50, 'FM999,990.0'), '-'), coalesce(to_char(s.p99, 'FM999,990.0'), '-'),
                      to_char(r.quarantined, 'FM999,999,990'), to_char(r.duplicates, 'FM999,999,990'))
        FROM (SELECT coalesce(sum(loaded), 0) AS loaded, coalesce(sum(quarantined), 0) AS quarantined,
                     coalesce(sum(duplicates), 0) AS duplicates
              FROM starsink.reconciliation) AS r,
             -- A lag that is not known of every partition is not known.
             (SELECT coalesce(sum(events_per_second), 0)::numeric AS rate,
                     CASE WHEN count(lag_messages) = count(*) THEN sum(lag_messages) END AS lag,
                     CASE WHEN count(lag_messages) = count(*) THEN max(lag_seconds)::numeric END AS lag_seconds,
                     max(latency_p50_ms)::numeric AS p50, max(latency_p99_ms)::numeric AS p99
              FROM starsink.status) AS s"
}

# The workers lay the warehouse out when they first see the database.
await_warehouse() {
    local patience=150
    until [ "$(ask "SELECT to_regclass('starsink.reconciliation') IS NOT NULL")" = t ]; do
        ((patience--)) || die "no warehouse yet; the server's log: $home/server.log"
        sleep 0.2
    done
}

watch() {
    local second line
    for ((second = 1; second <= seconds; second++)); do
        sleep 1
        line=$(live_line) || die "the server does not answer; its log: $home/server.log"
        if [ -t 1 ]; then
            printf '\r\033[K%4d s | %s' "$second" "$line"
        else
            printf '%4d s | %s\n' "$second" "$line"
        fi
    done
    echo
}

# When the stream has ended, the reports are of all of it.
drain() {
    [ -n "${DEMO_SECONDS:-}" ] || return 0
    local patience=150
    until grep -q 'events sent' "$home/producer.log" &&
        [ "$(ask "SELECT count(*) > 0 AND coalesce(bool_and(lag_messages IS NOT DISTINCT FROM 0), false) FROM starsink.status")" = t ]; do
        ((patience--)) || return 0
        sleep 0.2
    done
}

# Is every event accounted for?
verdict() {
    if [ "$(ask "SELECT count(*) > 0 FROM warehouse.fact_event")" != t ]; then
        sql "SELECT DISTINCT state, reason FROM starsink.status"
        tail -n 20 "$home/server.log" >&2
        die "no event has arrived"
    fi
    [ "$(ask "SELECT count(*) FROM starsink.reconciliation WHERE difference <> 0")" = 0 ] ||
        die "the books do not balance: see starsink.reconciliation"
}

how_to_go_on() {
    say "Go on by yourself"
    echo "  psql:          $bindir/psql -h $home -p $port -U postgres $database"
    echo "  other clients: postgresql://postgres:$password@127.0.0.1:$port/$database"
    echo "  the reports:   pgrx-tests/demo.sql       the server's log: $home/server.log"
    if [ -z "${DEMO_SECONDS:-}" ]; then
        echo "  events keep coming, $rate a second; make demo-stop ends everything"
    else
        echo "  the stream has ended, server and broker are up; make demo-stop ends them"
    fi
}

case ${1:-} in
    stop) stop; exit ;;
    clean) stop; remove_home; exit ;;
esac
[ -x "$produce" ] || die "no $produce: run it by make demo"
if [ "${DEMO_STOP:-0}" = 1 ]; then
    trap stop EXIT
fi
trap 'printf "\ndemo: interrupted; what runs goes on until make demo-stop\n"; exit 130' INT TERM
stop
remove_home
make_home

say "A PostgreSQL cluster of its own, in $home"
start_cluster
sql "CREATE EXTENSION starsink"
case $broker in
    mock) say "A broker inside the producer, and a jeweller's visitors: $rate events a second" ;;
    kafka) say "Apache Kafka, and a jeweller's visitors: $rate events a second" ;;
    *) say "A jeweller's visitors on $broker, topic $topic: $rate events a second" ;;
esac
start_producer
echo "bootstrap.servers = $bootstrap"

say "Three settings, and events are in the warehouse a moment after the click"
sql "ALTER SYSTEM SET starsink.database = '$database'"
sql "ALTER SYSTEM SET starsink.bootstrap_servers = '$bootstrap'"
sql "ALTER SYSTEM SET starsink.topic = '$topic'"
if [ "$broker" = mock ]; then
    echo "-- Kafka answers a waiting fetch as soon as a message comes, the mock broker only when the wait is over:"
    sql "ALTER SYSTEM SET starsink.kafka_options = 'fetch.wait.max.ms=5'"
    if [ "$history" = 0 ]; then
        echo "-- What came before these settings it has kept in part, and it would count as late:"
        sql "ALTER SYSTEM SET starsink.auto_offset_reset = 'latest'"
    fi
fi
sql "SELECT pg_reload_conf()"
await_warehouse

say "Exchange rates: made-up ones here, in earnest the European Central Bank's file"
sql "SELECT rates, revalued FROM starsink.load_exchange_rates((
    SELECT E'date,currency,rate\\n' || string_agg(concat_ws(',', day::date, currency, units_per_eur), E'\\n')
    FROM generate_series(current_date - 90, current_date, interval '5 days') AS day,
         (VALUES ('GBP', 0.88), ('CHF', 0.94), ('SEK', 11.2), ('AUD', 1.65), ('CAD', 1.53), ('USD', 1.12), ('PLN', 4.25),
                 ('RSD', 117.2), ('MXN', 21), ('CLP', 1050)) AS rate (currency, units_per_eur)), 'rows')"
watch
drain
verdict

say "What came of it"
"${psql[@]}" -d "$database" -v ON_ERROR_STOP=1 -P pager=off -P footer=off -f pgrx-tests/demo.sql
if [ "${DEMO_STOP:-0}" != 1 ]; then
    how_to_go_on
fi
