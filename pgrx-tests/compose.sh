#!/usr/bin/env bash
# The compose stack for real, where Docker is: built, started, killed, asked. `make test-compose`
#
#   compose.sh          all of it, as the project starsink-test with ports and passwords of its own; removed in the end
#   compose.sh config   reads compose.yaml only, which takes no engine
#
# PACKAGE=… and RUST=… work as for the stack. What it builds keeps its names.
set -euo pipefail
cd "$(dirname "$0")/.."

export STARSINK_PORT=25432 KAFKA_PORT=29092 DASHBOARD_PORT=28088 PROMETHEUS_PORT=29090 ALERTMANAGER_PORT=29093

say() { printf 'compose: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }
skip() { say "SKIPPED: $*"; exit; }

files=(-f docker/compose.yaml)
compose() { docker compose -p starsink-test "${files[@]}" --profile monitoring "$@"; }
ask() { compose exec -T starsink psql -qXAt -v ON_ERROR_STOP=1 -d shop -c "$1"; }
# From another container, over the network.
client() { compose run --rm -T --no-deps --env PGPASSWORD --entrypoint psql starsink -qXAt -c 'SELECT 1' "host=starsink dbname=shop $1" 2>&1; }

until_true() { # what, query
    local patience=120
    until [ "$(ask "$2" 2>/dev/null)" = t ]; do
        ((patience--)) || die "not within two minutes: $1"
        sleep 1
    done
    say "$1"
}

refused() { # what, connection
    local told
    if told=$(client "$2"); then
        die "$1 got in"
    fi
    [[ $told == *pg_hba.conf* ]] || die "$1: $told"
    say "$1 is refused"
}

# Shop events from this machine, through the port that is published: brand, count, events a second. Its stores' domains
# are www.BRAND.de and so on, which tells them from the stream's.
send() {
    docker run --rm --network host starsink-producer --bootstrap "localhost:$KAFKA_PORT" --brand "$1" --count "$2" --rate "$3" >/dev/null
}

# Each of them once, and the books balance.
arrived() { # brand, count, when
    until_true "all of $2 events arrive $3" "SELECT count(*) >= $2 FROM warehouse.fact_event WHERE current_url LIKE 'https://www.$1.%'"
    [ "$(ask "SELECT count(*), count(DISTINCT event_id) FROM warehouse.fact_event WHERE current_url LIKE 'https://www.$1.%'")" = "$2|$2" ] ||
        die "some are there twice"
    [ "$(ask "SELECT count(*), sum(abs(difference)) FROM starsink.verify()")" = '4|0' ] || die "the books do not balance"
}

get() { # port and path, options
    curl -sS --fail --max-time 20 "http://127.0.0.1:$1" "${@:2}"
}

# Superset, logged in to by password, asks the warehouse for its schemas.
dashboard_reads() {
    local token
    token=$(get "$DASHBOARD_PORT/api/v1/security/login" --json @- <<JSON | sed -n 's/.*"access_token":"\([^"]*\)".*/\1/p'
{"username": "admin", "provider": "db", "password": "$(cat "$secrets/dashboard_admin_password")"}
JSON
    )
    [ -n "$token" ] || die "the dashboard's login is refused $1"
    [[ $(get "$DASHBOARD_PORT/api/v1/database/1/schemas/?q=(force:!t)" --header @- <<<"Authorization: Bearer $token") == *'"warehouse"'* ]] ||
        die "the dashboard cannot read the warehouse $1"
    say "the dashboard reads the warehouse $1"
}

prometheus_sees() {
    local patience=60
    until [[ $(get "$PROMETHEUS_PORT/api/v1/query?query=starsink_topic_received_total") == *'"topic":"product_events"'* ]]; do
        ((patience--)) || die "Prometheus has no metric of the topic after a minute"
        sleep 1
    done
    [[ $(get "$PROMETHEUS_PORT/api/v1/rules") != *'"health":"err"'* ]] || die "a rule of Prometheus' cannot be evaluated"
    [[ $(get "$PROMETHEUS_PORT/api/v1/alertmanagers") == *'"activeAlertmanagers":[{'* ]] || die "Prometheus knows no Alertmanager"
    get "$ALERTMANAGER_PORT/-/ready" >/dev/null
    say "Prometheus scrapes, evaluates its rules and knows its Alertmanager"
}

docker compose version >/dev/null 2>&1 || skip "docker compose is not installed here"
compose config --quiet
[ "${1:-}" != config ] || exit 0
docker info >/dev/null 2>&1 || skip "no Docker engine answers here"

secrets=$(mktemp -d)
trap 'compose down --volumes --timeout 20 >/dev/null 2>&1; rm -r "$secrets"' EXIT
# A test changes them: yours stay as they are.
docker/secrets.sh "$secrets"
{
    echo "secrets:"
    for name in postgres dashboard dashboard_admin exporter; do
        echo "  ${name}_password: {file: $secrets/${name}_password}"
    done
} >"$secrets/compose.yaml"
files+=(-f "$secrets/compose.yaml")

compose build
compose up --detach --wait
until_true "events arrive" "SELECT count(*) > 0 FROM warehouse.fact_event"
send hosted 100 0
arrived hosted 100 "from this machine"
until_true "a report counts every view" "SELECT sum(r.views) = (SELECT count(*) FROM warehouse.fact_event JOIN warehouse.dim_event_type USING (event_type_key)
    WHERE is_product_view) FROM warehouse.product_views_over_time('day', include_bots => true) AS r"
dashboard_reads "at first"
prometheus_sees

refused "the superuser from elsewhere" "user=postgres sslmode=require"
refused "a reader without TLS" "user=starsink_dashboard sslmode=disable"
PGPASSWORD=$(cat "$secrets/dashboard_password")
export PGPASSWORD
[ "$(client "user=starsink_dashboard sslmode=require")" = 1 ] || die "a reader with TLS cannot log in"

send killed 20000 2000 &
until_true "a burst has begun" "SELECT count(*) > 1000 FROM warehouse.fact_event WHERE current_url LIKE 'https://www.killed.%'"
compose kill starsink
compose up --detach --wait
wait $! || die "the burst was not sent"
arrived killed 20000 "though the server was killed"

# Another password, and the containers that hold it.
head -c 24 /dev/urandom | base64 -w 0 | tr '+/' '-_' >"$secrets/dashboard_password"
compose restart starsink dashboard
compose up --detach --wait
told=$(client "user=starsink_dashboard sslmode=require") && die "the old password holds"
[[ $told == *'password authentication failed'* ]] || die "the old password: $told"
PGPASSWORD=$(cat "$secrets/dashboard_password")
[ "$(client "user=starsink_dashboard sslmode=require")" = 1 ] || die "the new password does not hold"
say "a new password holds, the old one does not"
dashboard_reads "with a new password"

# The broker and all others die, too; volumes keep what they knew.
compose kill
compose up --detach --wait
send again 100 0
arrived again 100 "after all of the stack was killed"
[ "$(ask "SELECT count(*) FROM warehouse.fact_event WHERE current_url LIKE 'https://www.killed.%'")" = 20000 ] || die "earlier events are gone"

[[ $(ask "SHOW ssl_key_file") != "$(ask "SHOW data_directory")"* ]] || die "the key lies in the volume"
printf 'FROM starsink\nUSER root\nRUN apt-get update -qq && apt-get install -y -qq --no-install-recommends less >/dev/null && apt-get check' |
    docker build -q - >/dev/null || die "apt-get does not work in an image made from this one"
say "all is well"
