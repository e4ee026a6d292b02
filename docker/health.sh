#!/bin/bash
# How the server is.
#
#   health.sh alive    it answers, be it that it recovers from a crash or is still being prepared: nothing should kill it
#   health.sh ready    the warehouse answers: its database and the extension are there, and the workers at work.
#                      That the broker is away is no reason to send readers away: starsink.status and the alerts tell
set -euo pipefail

: "${STARSINK_DATABASE:=shop}" "${SERVER_RUN:=/var/run/postgresql}"

alive() {
    local socket status
    for socket in "$SERVER_RUN" "$SERVER_RUN/apart"; do
        status=0
        pg_isready --quiet --host="$socket" || status=$?
        # 1: it rejects connections, as during recovery.
        [ "$status" -gt 1 ] || return 0
    done
    return 1
}

ready() {
    local trouble status=0
    trouble=$(PGHOST=$SERVER_RUN PGCONNECT_TIMEOUT=3 PGOPTIONS='-c statement_timeout=2s' \
        psql -qXAt -v ON_ERROR_STOP=1 -d "$STARSINK_DATABASE" 2>&1 <<'SQL'
SELECT wanted || ' does not run' FROM (VALUES ('starsink launcher'), ('starsink steward')) AS w (wanted)
WHERE NOT pg_is_in_recovery() AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = wanted)
UNION
SELECT state || ': ' || reason FROM starsink.status WHERE state IN ('disabled', 'stopped');
SQL
    ) || status=$?
    if [ "$status" -ne 0 ] || [ -n "$trouble" ]; then
        printf '%s\n' "$trouble"
        return 1
    fi
}

case ${1:-} in
    alive | ready) "$1" ;;
    *) echo "usage: health.sh alive|ready" >&2; exit 2 ;;
esac
