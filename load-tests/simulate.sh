#!/usr/bin/env bash
# Simulates: the product's log, ingestion, checkpoints, recovery and queries under a seeded scheduler, a virtual clock, and
# disks and stores that fail in every legal way. Prints seeds per second, or the first failing seed with its shortest trace.
#   load-tests/simulate.sh [--cluster] [--seeds N] [--from S]      N runs, from seed S on; default 1,000 from 1
#                                                                  --cluster: of several processes that share the shards
#   load-tests/simulate.sh --from S --faults BITS [--actions PERCENT]   one run with its whole trace
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
project="$root/tests/ContextGrid.Simulation.Tests"
build_quietly "$project/ContextGrid.Simulation.Tests.csproj" -p:RunAnalyzers=false
exec dotnet "$project/bin/Release/net10.0/ContextGrid.Simulation.Tests.dll" simulate "$@"
