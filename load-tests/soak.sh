#!/usr/bin/env bash
# Kills a real server under load again and again, and compares everything it has told with an oracle: the rig of the
# integration tests, for as many kills as wanted. Prints each kill, a summary, then JSON (not with another log); about 3 s a kill.
#   load-tests/soak.sh [--kafka | --cluster] [--kills N] [--seed S]
#     --kafka: the events are in Kafka, and the broker is killed too (default 200 kills, seed 1); needs kcat, and the broker
#     and Java 17 as in load-tests/kafka.sh. --cluster: three silos, of which each second time one is killed, and else
#     another fault comes, about 15 s each (default 50, seed 1); needs redis-server and node too. Without both: a server
#     with its own log (default 500 kills, seed 1).
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
kills="" seed=1 tests=Faults.CrashTests where=()
while (($# > 0)); do
  case "$1" in
    --cluster) tests=Cluster.ClusterTests where=(--cluster) ;;
    --kafka) tests=Kafka.KafkaCrashTests where=(--kafka) ;;
    --kills) kills="${2:?--kills needs a number}"; shift ;;
    --seed) seed="${2:?--seed needs a number}"; shift ;;
    *)
      echo "Usage: load-tests/soak.sh [--kafka | --cluster] [--kills N] [--seed S]" >&2
      exit 2
      ;;
  esac
  shift
done
case "$tests" in
  Cluster.*) : "${kills:=50}" ;;
  Kafka.*) : "${kills:=200}" ;;
  *) : "${kills:=500}" ;;
esac
name=ContextGrid.Integration.Tests
build_quietly "$root/tests/$name/$name.csproj" -p:RunAnalyzers=false
echo "Killing $kills times; the same again: load-tests/soak.sh ${where[*]} --kills $kills --seed $seed"
CONTEXTGRID_KILLS="$kills" CONTEXTGRID_SEED="$seed" dotnet "$root/tests/$name/bin/Release/net10.0/$name.dll" \
  -noColor -noLogo -explicit only -class "$name.$tests" |
  grep -vE '^ *(Discover|Starting|Finished|=== TEST|.*Total: )'
