#!/bin/bash
# Does an address of this container answer as it should?
#   health.sh PORT PATH PATTERN    a line of what is served there matches
set -euo pipefail

exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
# To the end: a server that is cut off logs it.
[ "$(grep -c -- "$3" <&3)" -gt 0 ]
