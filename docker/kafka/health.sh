#!/bin/bash
# Does the broker answer a request, and not only listen? ApiVersions, the first that any client sends.
#   health.sh PORT
set -euo pipefail

exec 3<>"/dev/tcp/127.0.0.1/$1"
# Length, key 18, version 0, correlation 7, no client id. The answer: length, the correlation, no error.
printf '\0\0\0\012\0\022\0\0\0\0\0\007\377\377' >&3
[ "$(head -c 10 <&3 | od -An -tx1 -j4 | tr -d ' \n')" = 000000070000 ]
