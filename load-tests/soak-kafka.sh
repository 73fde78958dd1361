#!/usr/bin/env bash
# Kills a real server, its Kafka broker, or both, under load again and again, and compares everything that was told with
# what stands in Kafka: the rig of the integration tests, for as many kills as wanted. Prints each kill, then a summary; about
# 4 s a kill. Broker and Java 17 as in load-tests/kafka.sh, and kcat.
#   load-tests/soak-kafka.sh [--kills N] [--seed S]      default 200 and 1
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
kills=200 seed=1
while (($# > 0)); do
  case "$1" in
    --kills) kills="${2:?--kills needs a number}" ;;
    --seed) seed="${2:?--seed needs a number}" ;;
    *)
      echo "Usage: load-tests/soak-kafka.sh [--kills N] [--seed S]" >&2
      exit 2
      ;;
  esac
  shift 2
done
name=ContextGrid.Integration.Tests
build_quietly "$root/tests/$name/$name.csproj" -p:RunAnalyzers=false
echo "Killing $kills times; the same again: load-tests/soak-kafka.sh --kills $kills --seed $seed"
CONTEXTGRID_KILLS="$kills" CONTEXTGRID_SEED="$seed" dotnet "$root/tests/$name/bin/Release/net10.0/$name.dll" \
  -noColor -noLogo -explicit only -class "$name.Kafka.KafkaCrashTests" |
  grep -vE '^ *(Discover|Starting|Finished|=== TEST|.*Total: )'
