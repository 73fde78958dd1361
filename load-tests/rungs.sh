#!/usr/bin/env bash
# The first rungs of the ladder: decode, apply, query, snapshot, each in process and on one core. About two minutes.
#   load-tests/rungs.sh [FILTER...]   such as '*Apply*', or '*Accumulator*' for each aggregate's state; none: the rungs
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
project="$root/load-tests/ContextGrid.Benchmarks"
build_quietly "$project/ContextGrid.Benchmarks.csproj" -p:RunAnalyzers=false
filters=("$@")
(($# > 0)) || filters=('*DecodeBenchmarks*' '*ApplyBenchmarks*' '*QueryBenchmarks*' '*SnapshotBenchmarks*')
cd "$(mktemp -d)"
dotnet "$project/bin/Release/net10.0/ContextGrid.Benchmarks.dll" --filter "${filters[@]}" |
  grep -E '^(\||BenchmarkDotNet|Intel|AMD|\.NET SDK)'
