#!/usr/bin/env bash
# The host on Orleans, one silo, beside the embedded host in the same run: events into grains, and queries of 1 and 100
# entities, 30 features each. Prints JSON lines. Events are in a file log before a host starts.
#   load-tests/cluster.sh [--events N] [--users N]         default 1,000,000 and 100,000, about two minutes
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
work="$(mktemp -d -t contextgrid-cluster-XXXXXX)"
trap 'rm -rf "$work"' EXIT
build_quietly "$root/load-tests/ContextGrid.SiloRuns/ContextGrid.SiloRuns.csproj" -p:RunAnalyzers=false
dotnet "$root/load-tests/ContextGrid.SiloRuns/bin/Release/net10.0/ContextGrid.SiloRuns.dll" \
  --definitions "$root/examples/benchmark" --data "$work" "$@"
printf '%s cores, %s.\n' "$(nproc)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
