#!/usr/bin/env bash
# More entities than memory: resident memory, ingestion over the budget, latency of hits and misses, and a restart in a
# process of its own. Prints a table and a JSON line for each of the two processes. 30 features an entity.
#   load-tests/memory.sh [--entities N] [--hot N] [--events N] [--memory-max SIZE] [--data DIR] [--definitions DIR]
# Default: 1,000,000 entities, a tenth of them hot, half as many events again, 512MB, examples/benchmark. DIR has to be new
# and is kept; without it a temporary directory is used and removed. On the disk: about 2 KB an entity.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
data="" arguments=(--memory-max 512MB --definitions "$root/examples/benchmark")
while (($# > 0)); do
  case "$1" in
    --data) data="${2:?--data needs a directory}" ;;
    --entities | --hot | --events | --memory-max | --definitions) arguments+=("$1" "${2:?$1 needs a value}") ;;
    *)
      sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
      exit 2
      ;;
  esac
  shift 2
done
work="$(mktemp -d -t contextgrid-memory-XXXXXX)"
trap 'rm -rf "$work"' EXIT
data="${data:-$work/data}"
if [[ -e "$data" ]]; then
  echo "$data exists already; name a new directory." >&2
  exit 1
fi
project="$root/load-tests/ContextGrid.MemoryRuns"
build_quietly "$project/ContextGrid.MemoryRuns.csproj" -p:RunAnalyzers=false
run() { dotnet "$project/bin/Release/net10.0/ContextGrid.MemoryRuns.dll" "$@" --data "$data" "${arguments[@]}"; }
run fill
printf 'data directory: %s\n\n' "$(du -sh "$data" | cut -f1)"
run restart
