#!/usr/bin/env bash
# Plants each bug of tests/ContextGrid.Simulation.Tests/PlantedBugs in a scratch copy, one at a time, and runs the
# simulation on it until a seed fails. Prints a Markdown table: the bug, the seeds until it was caught, what was noticed.
#   load-tests/planted-bugs.sh [--seeds N] [NAME...]     at most N seeds a bug, default 1,000; NAME: only these bugs
# Bugs whose name begins with cluster- are run with several processes. load-tests/refresh-planted-bugs.sh makes the
# patches fit again after code has moved. Ends with exit code 1 when a bug was not caught. Takes about half a minute a bug.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
seeds=1000
if [[ ${1:-} == --seeds ]]; then
  seeds="$2"
  shift 2
fi
bugs="$root/tests/ContextGrid.Simulation.Tests/PlantedBugs"
names=("$@")
(($# > 0)) || mapfile -t names < <(cd "$bugs" && ls ./*.patch | sed 's|^\./||; s|\.patch$||')
copy="$(mktemp -d -t contextgrid-planted-XXXXXX)"
trap 'rm -rf "$copy"' EXIT
git -C "$root" ls-files -z -- src tests Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig global.json |
  (cd "$root" && xargs -0 tar -cf - --) | tar -xf - -C "$copy"
program="$copy/tests/ContextGrid.Simulation.Tests"
missed=0
echo "| bug | seeds until caught | noticed |"
echo "|---|---|---|"
for name in "${names[@]}"; do
  title="$(head -n 1 "$bugs/$name.patch")"
  if ! patch -d "$copy" -p1 -s --no-backup-if-mismatch <"$bugs/$name.patch"; then
    echo "The patch $name does not fit the sources any more." >&2
    exit 2
  fi
  build_quietly "$program/ContextGrid.Simulation.Tests.csproj" -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false
  mode=()
  [[ $name != cluster-* ]] || mode=(--cluster)
  found="$(dotnet "$program/bin/Release/net10.0/ContextGrid.Simulation.Tests.dll" simulate "${mode[@]}" \
    --seeds "$seeds" --quiet || true)"
  seed="$(sed -n 's/^Seed \([0-9]*\) fails: .*/\1/p' <<<"$found" | head -n 1)"
  what="$(sed -n 's/^Seed [0-9]* fails: //p' <<<"$found" | head -n 1 | cut -c 1-110 | tr '|' '/')"
  [[ -n $seed ]] || missed=$((missed + 1))
  echo "| $title | ${seed:-not in $seeds} | $what |"
  patch -d "$copy" -p1 -s -R --no-backup-if-mismatch <"$bugs/$name.patch"
done
if ((missed > 0)); then
  echo "$missed of ${#names[@]} bugs were not caught." >&2
  exit 1
fi
