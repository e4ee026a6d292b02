#!/usr/bin/env bash
# The test behind `make test-dashboard`: a cluster of its own with some 20,000 events of two months and of just now,
# Superset beside it, and a browser that looks at every chart. Pictures: target/dashboard/*.png
#
#   DASHBOARD_PICTURES=1   renew the pictures of the README, too
set -euo pipefail
cd "$(dirname "$0")/.."

export DEMO_HOME=target/dashboard/demo DASHBOARD_HOME=target/dashboard/superset DASHBOARD_PORT=${DASHBOARD_PORT:-18088}
venv=.dashboard/venv

finish() {
    docker/dashboard/dashboard.sh stop
    pgrx-tests/demo.sh stop
}
trap finish EXIT

mkdir -p target/dashboard
# pip waits for the network while the events are loaded.
(
    docker/dashboard/dashboard.sh install
    "$venv/bin/python" -c 'import playwright' 2>/dev/null ||
        "$venv/bin/pip" install --no-cache-dir --quiet --disable-pip-version-check playwright==1.65.2
) &
install=$!
DEMO_HISTORY=20000 DEMO_SECONDS=20 DEMO_RATE=15 pgrx-tests/demo.sh >target/dashboard/demo.log 2>&1 || {
    tail -n 30 target/dashboard/demo.log >&2
    exit 1
}
wait "$install"
docker/dashboard/dashboard.sh start
home=$(readlink -f "$DEMO_HOME")
DASHBOARD_URL=http://127.0.0.1:$DASHBOARD_PORT DASHBOARD_PASSWORD=$(cat "$DASHBOARD_HOME/password") \
    WAREHOUSE="host=$home port=$(sed -n 4p "$home/data/postmaster.pid") user=postgres dbname=shop" \
    BOOTSTRAP=$(sed -n 's/^bootstrap=//p' "$home/producer.log") PRODUCE=${CARGO_TARGET_DIR:-target}/release/produce \
    "$venv/bin/python" pgrx-tests/dashboard.py target/dashboard
if [ "${DASHBOARD_PICTURES:-0}" = 1 ]; then
    cp target/dashboard/small/*.png docker/dashboard/pictures/
fi
