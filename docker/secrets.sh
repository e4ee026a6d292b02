#!/usr/bin/env bash
# Makes the passwords of the compose stack, each in a file of its own; what is there stays.
#   secrets.sh [FOLDER]    docker/secrets by default, where compose.yaml looks for them
set -euo pipefail
folder=${1:-$(dirname "$0")/secrets}

mkdir -p "$folder"
# The folder keeps other users of this machine out; the files are read by the containers' users, whoever they are.
chmod 700 "$folder"
for name in postgres dashboard dashboard_admin exporter; do
    file=$folder/${name}_password
    if [ ! -s "$file" ]; then
        head -c 24 /dev/urandom | base64 -w 0 | tr '+/' '-_' >"$file"
        echo "$file: made"
    fi
    chmod 644 "$file"
done
