#!/bin/sh
# Makes a checkout ready: uv, the virtual environment, system packages, the browser's assets.
# Needs Python 3.11 or newer. Does only what is missing, so it may run every time.
#
#   deploy/bootstrap.sh run     what `invoicer up` needs
#   deploy/bootstrap.sh peers   the same, and what stand-ins for other companies need
#   deploy/bootstrap.sh test    the same, and what the tests need
#   deploy/bootstrap.sh bare    .venv-bare: the tests' packages, and no plugin but those inside
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-run}

packages="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core fonts-noto-cjk"
case $purpose in test | bare) packages="$packages chromium" ;; esac

die() {
    printf '%s\n' "$*" >&2
    exit 1
}

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    die "Python 3.11 or newer is needed and was not found. Install it, or set PYTHON=/path/to/it."
}

# Debian and Ubuntu only; elsewhere `invoicer doctor` says which libraries are missing.
system_packages() {
    command -v dpkg-query >/dev/null 2>&1 || return 0
    missing=
    for package in $packages; do
        if [ "$package" = chromium ] && command -v chromium >/dev/null 2>&1; then continue; fi
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        die "These system packages are missing. Run this once, then try again:
    sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing"
    fi
    echo "Installing$missing"
    apt-get update -q >/dev/null || echo "apt-get update failed; trying with what is known." >&2
    # shellcheck disable=SC2086 # a list of names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing \
        >/dev/null || die "apt-get could not install:$missing"
}

# A uv of our own in .tools when the machine has none; nothing outside the checkout is touched.
find_uv() {
    if command -v uv >/dev/null 2>&1; then
        command -v uv
        return
    fi
    if [ ! -x .tools/bin/uv ]; then
        rm -rf .tools
        if ! { "$python" -m venv .tools && .tools/bin/python -m pip install -q uv; } >/dev/null 2>&1; then
            # Without ensurepip (Debian's python3-venv) a plain pip will do.
            rm -rf .tools
            "$python" -m pip install -q --target .tools uv >/dev/null 2>&1 ||
                die "uv could not be installed. Install it (https://docs.astral.sh/uv/), or Python's
venv module (Debian: sudo apt-get install -y python3-venv), and check the network."
        fi
    fi
    echo "$PWD/.tools/bin/uv"
}

python_packages() {
    export UV_PYTHON_DOWNLOADS=never
    if [ "$purpose" = bare ]; then
        UV_PROJECT_ENVIRONMENT=.venv-bare "$uv" sync -q --frozen --python "$python" --all-groups
        return
    fi
    [ -x .venv/bin/python ] || "$uv" venv -q --python "$python" .venv
    if [ "$purpose" = test ]; then
        "$uv" sync -q --frozen --all-packages --all-groups
    elif [ "$purpose" = peers ]; then
        "$uv" sync -q --frozen --all-packages --all-groups --inexact
    else
        # Inexact: what a developer has installed for the tests stays.
        "$uv" sync -q --frozen --all-packages --inexact --no-default-groups --group ui
    fi
}

# What the bundle is made of: its sources, the locked packages, and the icons that are named.
assets_state() {
    {
        find invoicer_core/web/assets -type f | sort | xargs cat
        cat package.json package-lock.json
        grep -rhoE "icon[(=] *[\"'][a-z0-9-]+" invoicer_core --include='*.html' --include='*.py' |
            sort -u
    } | cksum
}

assets() {
    stamp=node_modules/.invoicer-assets
    dist=invoicer_core/web/static/dist
    state=$(assets_state)
    if [ -d "$dist" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$state" ]; then return; fi
    echo "Building the browser's assets"
    PATH="$PWD/.venv/bin:$PATH"
    export PATH
    locked=$(cat package-lock.json package.json | cksum)
    if [ ! -f node_modules/.invoicer-lock ] || [ "$(cat node_modules/.invoicer-lock)" != "$locked" ]; then
        npm ci --silent --no-fund --no-audit
        echo "$locked" >node_modules/.invoicer-lock
    fi
    npm run --silent build
    echo "$state" >"$stamp"
}

# The core's and the plugins': one built file stands for all, and is the last one written.
catalogs() {
    built=invoicer_core/web/translations/es/LC_MESSAGES/messages.mo
    if [ -f "$built" ] &&
        [ -z "$(find invoicer_core plugins -name '*.po' -newer "$built")" ]; then return; fi
    .venv/bin/python deploy/catalogs.py build
}

python=$(find_python)
system_packages
uv=$(find_uv)
python_packages
[ "$purpose" != bare ] || exit 0
assets
catalogs
