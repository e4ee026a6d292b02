#!/usr/bin/env bash
# Prepares Superset's own database, imports the dashboards and serves them.
#
#   SUPERSET_HOME                 where Superset keeps what is its own
#   DASHBOARD_ADMIN_PASSWORD_FILE the password of the login admin
#   STARSINK_HOST, _PORT, _DATABASE, _USER, and STARSINK_PASSWORD_FILE: a member of starsink_reader
#   DASHBOARD_PROXY               http or https: behind a reverse proxy that speaks so to the world (default: none)
#   DASHBOARD_SHARED_SECONDS      how old an answer may be that pages share (default: 5)
#   DASHBOARD_ADDRESS             where it listens (default: 127.0.0.1:8088)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export PYTHONPATH=$here SUPERSET_CONFIG_PATH=$here/superset_config.py FLASK_APP='superset.app:create_app()'

umask 077
[ -s "$SUPERSET_HOME/secret_key" ] || head -c 42 /dev/urandom | base64 -w 0 >"$SUPERSET_HOME/secret_key"
# Superset says much of what it starts with; it is shown where something fails.
python3 "$here/prepare.py" >"$SUPERSET_HOME/setup.log" 2>&1 || {
    tail -n 30 "$SUPERSET_HOME/setup.log" >&2
    exit 1
}
# One process: filters' states are kept in it. Threads, since it waits for the warehouse.
exec gunicorn --workers 1 --threads 16 --timeout 60 --bind "${DASHBOARD_ADDRESS:-127.0.0.1:8088}" --forwarded-allow-ips "" \
    --access-logfile /dev/null --log-level warning "$FLASK_APP"
