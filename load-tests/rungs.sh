#!/usr/bin/env bash
# The first rungs of the ladder: decode, apply, query, snapshot, each in process and on one core. About two minutes.
#   load-tests/rungs.sh [FILTER]      such as '*Apply*'; none: all
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
project="$root/load-tests/ContextGrid.Benchmarks"
build_quietly "$project/ContextGrid.Benchmarks.csproj" -p:RunAnalyzers=false
cd "$(mktemp -d)"
dotnet "$project/bin/Release/net10.0/ContextGrid.Benchmarks.dll" --filter "${1:-*}" |
  grep -E '^(\||BenchmarkDotNet|[A-Z][A-Za-z]* +=|  \[Host\]|Intel|AMD|\.NET)'
