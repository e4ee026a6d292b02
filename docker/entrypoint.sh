#!/bin/bash
# The server's container: makes a cluster where there is none, takes the settings of the environment in, becomes the
# server.
#
#   POSTGRES_PASSWORD_FILE        password of the superuser postgres; needed for the first start
#   STARSINK_DATABASE             database of the warehouse (shop)
#   STARSINK_BOOTSTRAP_SERVERS    and any other STARSINK_X: the setting starsink.x, unless ALTER SYSTEM says otherwise;
#   STARSINK_SASL_PASSWORD_FILE   the same from a file; where the server has such a setting for files, it reads the file itself
#   /run/secrets/NAME_password    makes a login role starsink_NAME that may read the warehouse
#
# Arguments go to the server: -c shared_buffers=1GB.
set -euo pipefail
umask 077

: "${PGDATA:?}" "${STARSINK_DATABASE:=shop}"
export STARSINK_DATABASE
# Lies in a cluster that is not whole yet.
UNFINISHED=$PGDATA/starsink.unfinished

# Settings of the environment, below what ALTER SYSTEM sets: an operator's word counts more.
settings() {
    local name value
    echo "# Written at each start from the container's environment. ALTER SYSTEM overrides it."
    while IFS= read -r name; do
        value=${!name}
        case $name in
            STARSINK_SASL_PASSWORD_FILE | STARSINK_SSL_KEY_PASSWORD_FILE | STARSINK_KAFKA_SECRET_OPTIONS_FILE | STARSINK_ALERT_WEBHOOK_FILE | STARSINK_EXCHANGE_RATES_FILE) ;;
            *_FILE)
                value=$(cat "$value")
                name=${name%_FILE}
                ;;
        esac
        name=${name#STARSINK_}
        value=${value//\\/\\\\}
        printf "starsink.%s = '%s'\n" "${name,,}" "${value//\'/\'\'}"
    done < <(compgen -e | grep '^STARSINK_')
}

sql() { # database, psql's options; statements on standard input
    psql -qX -v ON_ERROR_STOP=1 -d "$@"
}

initialise() {
    local file role
    : "${POSTGRES_PASSWORD_FILE:?names no file: it must hold a password for the superuser postgres}"
    mkdir -p "$PGDATA"
    find "$PGDATA" -mindepth 1 -delete
    initdb --auth-local=peer --auth-host=scram-sha-256 --pwfile="$POSTGRES_PASSWORD_FILE" --data-checksums \
        --encoding=UTF8 --locale=C.UTF-8 --no-instructions >/dev/null
    touch "$UNFINISHED"
    printf '%s\n' "listen_addresses = '*'" "shared_preload_libraries = 'starsink'" "include 'starsink.conf'" \
        >>"$PGDATA/postgresql.conf"
    echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
    settings >"$PGDATA/starsink.conf"
    # On a socket only, and without a broker: nobody and nothing comes in before the database is whole.
    pg_ctl start --silent --wait --options="-c listen_addresses='' -c starsink.bootstrap_servers=''" >/dev/null
    sql postgres -v name="$STARSINK_DATABASE" <<<'CREATE DATABASE :"name";'
    sql "$STARSINK_DATABASE" <<<'SET client_min_messages = warning; CREATE EXTENSION starsink; SELECT starsink.create_warehouse();' >/dev/null
    for file in /run/secrets/*_password; do
        role=$(basename "$file" _password)
        if [ -r "$file" ] && [ "$role" != postgres ]; then
            sql "$STARSINK_DATABASE" -v role="starsink_$role" -v password="$(cat "$file")" \
                <<<"CREATE ROLE :\"role\" LOGIN PASSWORD :'password' CONNECTION LIMIT 40 IN ROLE starsink_reader;
                    ALTER ROLE :\"role\" SET default_transaction_read_only = on;
                    ALTER ROLE :\"role\" SET statement_timeout = '30s';"
        fi
    done
    pg_ctl stop --silent --wait --mode=fast
    rm "$UNFINISHED"
}

if [ ! -s "$PGDATA/PG_VERSION" ] || [ -e "$UNFINISHED" ]; then
    initialise
fi
settings >"$PGDATA/starsink.conf"
exec postgres "$@"
