#!/usr/bin/env bash
# The compose stack for real, where Docker is: built, started, killed, asked. `make test-compose`
#
#   compose.sh          all of it, as the project starsink-test with ports of its own; removed in the end
#   compose.sh config   reads compose.yaml only, which takes no engine
#
# PACKAGE=… and RUST=… work as for the stack. What it builds keeps its names.
set -euo pipefail
cd "$(dirname "$0")/.."

export STARSINK_PORT=25432 KAFKA_PORT=29092 DASHBOARD_PORT=28088 PROMETHEUS_PORT=29090 ALERTMANAGER_PORT=29093

say() { printf 'compose: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }
skip() { say "SKIPPED: $*"; exit; }

compose() { docker compose -p starsink-test -f docker/compose.yaml --profile monitoring "$@"; }
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

docker compose version >/dev/null 2>&1 || skip "docker compose is not installed here"
compose config --quiet
[ "${1:-}" != config ] || exit 0
docker info >/dev/null 2>&1 || skip "no Docker engine answers here"

trap 'compose down --volumes --timeout 20 >/dev/null 2>&1' EXIT
docker/secrets.sh
compose build
compose up --detach --wait
until_true "events arrive" "SELECT count(*) > 0 FROM warehouse.fact_event"

refused "the superuser from elsewhere" "user=postgres sslmode=require"
refused "a reader without TLS" "user=starsink_dashboard sslmode=disable"
PGPASSWORD=$(cat docker/secrets/dashboard_password)
export PGPASSWORD
[ "$(client "user=starsink_dashboard sslmode=require")" = 1 ] || die "a reader with TLS cannot log in"

compose kill starsink
compose up --detach --wait
until_true "events arrive after a kill" "SELECT count(*) > 0 FROM warehouse.fact_event WHERE event_time > now() - interval '20 s'"
[ "$(ask "SELECT sum(abs(difference)) FROM starsink.verify()")" = 0 ] || die "the books do not balance"

[[ $(ask "SHOW ssl_key_file") != "$(ask "SHOW data_directory")"* ]] || die "the key lies in the volume"
printf 'FROM starsink\nUSER root\nRUN apt-get update -qq && apt-get install -y -qq --no-install-recommends less >/dev/null && apt-get check' |
    docker build -q - >/dev/null || die "apt-get does not work in an image made from this one"
say "all is well"
