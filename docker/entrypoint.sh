#!/bin/bash
# The server's container: makes a cluster where there is none, takes in passwords and settings, becomes the server.
#
#   POSTGRES_PASSWORD_FILE        password of the superuser postgres; needed for the first start
#   READER_ROLES                  "dashboard exporter": login roles starsink_dashboard and starsink_exporter, which may
#                                 read the warehouse, with the passwords in SECRETS/dashboard_password and so on
#   SECRETS                       folder of the roles' passwords (/run/secrets)
#   TLS_CERTIFICATE_FILE          the server's certificate, and its key; without, it makes itself one
#   TLS_KEY_FILE
#   STARSINK_DATABASE             database of the warehouse (shop)
#   STARSINK_BOOTSTRAP_SERVERS    and any other STARSINK_X: the setting starsink.x, unless ALTER SYSTEM says otherwise;
#   STARSINK_SASL_USERNAME_FILE   its value from a file. Where starsink.x_file is itself a setting, the server reads the file
#   SERVER_RUN                    folder of the socket and of what no back-up may hold (/var/run/postgresql)
#
# Passwords, settings and certificate are taken in at each start. Arguments go to the server: -c shared_buffers=1GB.
set -euo pipefail
shopt -s inherit_errexit
umask 077

PGDATA=${PGDATA%/}
: "${PGDATA:?}" "${STARSINK_DATABASE:=shop}" "${SECRETS:=/run/secrets}" "${SERVER_RUN:=/var/run/postgresql}"
export STARSINK_DATABASE
# The first start works in a folder of its own within PGDATA. Nothing else is ever deleted.
UNFINISHED=$PGDATA/starsink.unfinished
# Stands in it when there is nothing left but to move up.
WHOLE=$UNFINISHED/starsink.whole
# Outside PGDATA, so that no back-up holds what is in them.
SETTINGS=$SERVER_RUN/starsink.conf
TLS=$SERVER_RUN/tls
# Of the server that is prepared: nobody else looks for its socket here.
APART=$SERVER_RUN/apart

say() { printf 'entrypoint: %s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

others() {
    find "$PGDATA/" -mindepth 1 -maxdepth 1 ! -name "${UNFINISHED##*/}" -printf '%f\n'
}

# Only one container at a time: the server's own lock does not reach beyond its container. The server inherits this one.
lock_data() {
    local status=0
    if ! mkdir -p "$PGDATA" || [ ! -r "$PGDATA" ] || [ ! -w "$PGDATA" ]; then
        die "PGDATA=$PGDATA is no folder that user $(id -u) may write to: give it to this user, or mount another"
    fi
    exec {lock}<"$PGDATA"
    flock --nonblock --conflict-exit-code 75 "$lock" 2>/dev/null || status=$?
    [ "$status" -ne 75 ] || die "another container uses PGDATA=$PGDATA: one server to a folder"
}

# A cluster of ours, or nothing at all, or what a first start left unfinished; whatever else it is stays as it is.
look_at_data() {
    local ours theirs
    if [ -s "$PGDATA/PG_VERSION" ]; then
        ours=$(postgres --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/') theirs=$(cat "$PGDATA/PG_VERSION")
        [ "$ours" = "$theirs" ] ||
            die "PGDATA=$PGDATA holds a cluster of PostgreSQL $theirs, this image has $ours. It is left as it is: start it with an image of $theirs, pg_dump, and pg_restore into a new volume"
        grep -qsF "'$SETTINGS'" "$PGDATA/postgresql.conf" ||
            die "PGDATA=$PGDATA holds a cluster that this image did not make. It is left as it is. If it is the right one, add to its postgresql.conf: include_if_exists '$SETTINGS'"
    elif [ -e "$PGDATA/lost+found" ]; then
        die "PGDATA=$PGDATA is the root of a file system (lost+found): set PGDATA to a folder in it, such as $PGDATA/cluster"
    elif [ -n "$(others)" ]; then
        die "PGDATA=$PGDATA holds no cluster, and is not empty: $(others | head -n 5 | paste -sd ' '). Is it the right mount? It is left as it is"
    fi
}

# On a socket of its own and without a broker: nobody and nothing comes in meanwhile. Recovery may take its time.
start_apart() {
    mkdir -p "$APART"
    trap 'pg_ctl stop --pgdata="$data" --silent --mode=immediate >/dev/null 2>&1 || true' EXIT
    trap 'exit 143' INT TERM
    pg_ctl start --pgdata="$data" --silent --wait --timeout=31536000 --options="-c listen_addresses='' \
        -c unix_socket_directories='$APART' -c port=5432 -c ssl=off -c hot_standby=on -c starsink.bootstrap_servers=''" >/dev/null &
    wait $!
}

stop_apart() {
    pg_ctl stop --pgdata="$data" --silent --wait --timeout=31536000 --mode=fast
    trap - EXIT INT TERM
}

sql() { # database, psql's options; statements on standard input
    PGHOST=$APART PGPORT=5432 psql -qXAt -v ON_ERROR_STOP=1 -d "$@"
}

knows() { # name
    grep -qxF "$1" <<<"$known"
}

# The names come from the server: it alone knows which setting ends in _file itself.
settings() {
    local known name setting value unknown=()
    known=$(sql postgres <<<"SELECT name FROM pg_settings WHERE name LIKE 'starsink.%' AND short_desc <> 'GUC placeholder variable'")
    echo "# Written at each start from the container's environment. ALTER SYSTEM overrides it."
    while IFS= read -r name; do
        value=${!name} setting=${name#STARSINK_} setting=starsink.${setting,,}
        if ! knows "$setting"; then
            if [ "$setting" != "${setting%_file}" ] && knows "${setting%_file}"; then
                setting=${setting%_file}
                [ -r "$value" ] || die "$name: the file '$value' cannot be read"
                value=$(cat "$value")
            else
                unknown+=("$name")
                continue
            fi
        fi
        [ "$value" = "${value//$'\n'/}" ] || die "$name holds more than a line"
        value=${value//\\/\\\\}
        printf "%s = '%s'\n" "$setting" "${value//\'/\'\'}"
    done < <(compgen -e | grep '^STARSINK_')
    [ "${#unknown[@]}" -eq 0 ] ||
        die "no setting of starsink's: ${unknown[*]}. SELECT name FROM starsink.settings lists them; in Kubernetes, enableServiceLinks: false keeps names of services out"
}

# The password goes from its file to psql and is neither in the list of processes nor in the log.
renew_password() { # role, file
    [ -s "$2" ] || die "role $1: the file '$2' cannot be read or is empty"
    sql postgres --single-transaction -v role="$1" -v file="$2" <<'SQL'
SET log_statement = 'none';
SET log_min_duration_statement = -1;
SET log_min_error_statement = panic;
\set password `cat -- :'file'`
ALTER ROLE :"role" PASSWORD :'password';
SQL
}

make_reader() { # role
    sql postgres --single-transaction -v role="$1" <<'SQL'
CREATE ROLE :"role" LOGIN CONNECTION LIMIT 40 IN ROLE starsink_reader;
ALTER ROLE :"role" SET default_transaction_read_only = on;
ALTER ROLE :"role" SET statement_timeout = '30s';
SQL
}

renew_roles() {
    local name role there
    if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
        renew_password "$(id -un)" "$POSTGRES_PASSWORD_FILE"
    fi
    for name in ${READER_ROLES:-}; do
        [[ $name =~ ^[a-z][a-z0-9_]*$ ]] || die "READER_ROLES: '$name' is no name of a role"
        role=starsink_$name
        there=$(sql postgres -v role="$role" <<<"SELECT rolcanlogin FROM pg_roles WHERE rolname = :'role'")
        case $there in
            '') make_reader "$role" ;;
            f) die "READER_ROLES: $role is a group of starsink's, and logs in nowhere" ;;
        esac
        if [ "$name" = exporter ]; then
            # PostgreSQL's own statistics; monitoring/exporter_role.sql says why these alone.
            sql "$STARSINK_DATABASE" <<<"SET client_min_messages = warning; GRANT pg_read_all_stats TO $role; GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_waldir() TO $role;"
        fi
        renew_password "$role" "$SECRETS/${name}_password"
    done
}

certificate() {
    mkdir -p "$TLS"
    if [ -n "${TLS_CERTIFICATE_FILE:-}" ]; then
        install -m 600 "$TLS_CERTIFICATE_FILE" "$TLS/certificate"
        install -m 600 "${TLS_KEY_FILE:?names no file: TLS_CERTIFICATE_FILE needs its key}" "$TLS/key"
    else
        openssl req -new -x509 -batch -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 3650 \
            -subj "/CN=${HOSTNAME:0:64}" -keyout "$TLS/key" -out "$TLS/certificate" 2>/dev/null
    fi
    printf '%s\n' "ssl = on" "ssl_cert_file = '$TLS/certificate'" "ssl_key_file = '$TLS/key'"
}

make_cluster() {
    : "${POSTGRES_PASSWORD_FILE:?names no file: it must hold a password for the superuser postgres}"
    rm -rf "$UNFINISHED"
    initdb --pgdata="$UNFINISHED" --auth-local=peer --auth-host=scram-sha-256 --pwfile="$POSTGRES_PASSWORD_FILE" \
        --data-checksums --encoding=UTF8 --locale=C.UTF-8 --no-instructions >/dev/null
    printf '%s\n' "listen_addresses = '*'" "unix_socket_directories = '$SERVER_RUN'" "shared_preload_libraries = 'starsink'" \
        "include_if_exists '$SETTINGS'" >>"$UNFINISHED/postgresql.conf"
    cat >"$UNFINISHED/pg_hba.conf" <<HBA
# type    database         user                 address       method
local     all,replication  all                                peer
host      all,replication  all                  127.0.0.1/32  scram-sha-256
host      all,replication  all                  ::1/128       scram-sha-256
# From elsewhere: not the superuser, nobody without TLS. A role for a standby needs REPLICATION.
host      all,replication  "$(id -un)"  all  reject
hostssl   all,replication  all                  all           scram-sha-256
HBA
}

fill_cluster() {
    local said
    sql postgres -v name="$STARSINK_DATABASE" <<<'CREATE DATABASE :"name";'
    # Notices are about this server, which has no settings yet.
    said=$(sql "$STARSINK_DATABASE" <<<'CREATE EXTENSION starsink; SELECT starsink.create_warehouse();' 2>&1) || die "$said"
}

# PG_VERSION last: a cluster is one only with it.
move_up() {
    find "$UNFINISHED" -mindepth 1 -maxdepth 1 ! -name PG_VERSION ! -name "${WHOLE##*/}" -exec mv -t "$PGDATA" {} +
    [ ! -e "$UNFINISHED/PG_VERSION" ] || mv "$UNFINISHED/PG_VERSION" "$PGDATA"
    sync "$PGDATA"
    rm -r "$UNFINISHED"
}

lock_data
[ ! -e "$WHOLE" ] || move_up
look_at_data
if [ -s "$PGDATA/PG_VERSION" ]; then
    data=$PGDATA first=
else
    data=$UNFINISHED first=1
    make_cluster
fi
# A volume's driver may have given it to a group; the server insists on its own.
chmod 700 "$PGDATA"
# What the last start left may be what kept it from starting.
rm -f "$SETTINGS"
start_apart
taken=$(settings)
[ -z "$first" ] || fill_cluster
# A standby has its roles from its primary.
[ "$(sql postgres <<<'SELECT pg_is_in_recovery()')" = t ] || renew_roles
stop_apart
if [ -n "$first" ]; then
    touch "$WHOLE"
    sync "$WHOLE" "$UNFINISHED"
    move_up
fi
{
    printf '%s\n' "$taken"
    certificate
} >"$SETTINGS"
exec postgres "$@"
