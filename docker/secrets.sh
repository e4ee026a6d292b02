#!/usr/bin/env bash
# Makes the passwords of the compose stack in docker/secrets, each in a file of its own; what is there stays.
set -euo pipefail
cd "$(dirname "$0")"

mkdir -p secrets
# The folder keeps other users of this machine out; the files are read by the containers' users, whoever they are.
chmod 700 secrets
for name in postgres dashboard dashboard_admin exporter; do
    file=secrets/${name}_password
    if [ ! -s "$file" ]; then
        head -c 24 /dev/urandom | base64 -w 0 | tr '+/' '-_' >"$file"
        echo "docker/$file: made"
    fi
    chmod 644 "$file"
done
