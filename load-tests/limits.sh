#!/usr/bin/env bash
# What clients can do to a server, and what its neighbours see of it: each load runs against a server of its own while
# another process asks at a fixed rate (open loop) before, while and after. Prints a JSON line for each load, then a table.
# Fails when a server does not answer afterwards. Ends by itself, after about three minutes.
#   load-tests/limits.sh [LOAD...]     slow-watchers publishers hot-key categories watched idle-connections
#                                      silent-connections; none: all
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
project="$root/load-tests/ContextGrid.LimitRuns"
[[ "${BUILD:-1}" == 0 ]] || build_quietly "$project/ContextGrid.LimitRuns.csproj" -p:RunAnalyzers=false
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
exec timeout 600 dotnet "$project/bin/Release/net10.0/ContextGrid.LimitRuns.dll" "$@"
