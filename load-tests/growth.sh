#!/usr/bin/env bash
# How figures grow with the number of entities and of features. Prints a JSON line a figure and a table, and draws
# docs/growth-entities.svg and docs/growth-features.svg.
#   load-tests/growth.sh [entities|features ...]      none: both
# USERS (default "10000 100000 1000000"; 10000000 needs some 20 GB) and FEATURES (default "10 30 100 300") say where.
# EVENTS (default 4) is the number of events a user, at least EVENTS_MIN (default 500,000) in all. FEATURE_USERS (default
# 100,000) is how many users have each number of features. Users of the simulated payments differ: the
# busiest have hundreds of events, some have none.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
work="$(mktemp -d -t contextgrid-growth-XXXXXX)"
trap 'rm -rf "$work"' EXIT
cd "$root"
[[ "${BUILD:-1}" == 0 ]] ||
  build_quietly "$root/load-tests/ContextGrid.LoadTests/ContextGrid.LoadTests.csproj" -p:RunAnalyzers=false
tool() { dotnet "$root/load-tests/ContextGrid.LoadTests/bin/Release/net10.0/ContextGrid.LoadTests.dll" "$@"; }

# FEATURES USERS
measure() {
  local events=$(($2 * ${EVENTS:-4})) least="${EVENTS_MIN:-500000}"
  mkdir -p "$work/$1"
  tool definitions --features "$1" >"$work/$1/definitions.yaml"
  tool embedded --growth 1 --definitions "$work/$1" --users "$2" --events "$((events > least ? events : least))"
}
entities() { for users in ${USERS:-10000 100000 1000000}; do measure 30 "$users"; done; }
features() { for count in ${FEATURES:-10 30 100 300}; do measure "$count" "${FEATURE_USERS:-100000}"; done; }

parts=("$@")
(($# > 0)) || parts=(entities features)
for part in "${parts[@]}"; do
  "$part" | tee "$work/$part"
  over=users
  [[ "$part" == entities ]] || over=features
  tool plot --over "$over" <"$work/$part" >"$root/docs/growth-$part.svg"
  tool table <"$work/$part"
done
