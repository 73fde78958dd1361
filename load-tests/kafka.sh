#!/usr/bin/env bash
# Kafka → queryable, ContextGrid and Kafka Streams one after the other on the same broker, topic and work: 2,000,000 JSON
# payments of 100,000 users, 30 features. Prints a JSON line for each and the ratio.
#   load-tests/kafka.sh [EVENTS [USERS]]       about four minutes
# Broker and rival are not of this repository: CONTEXTGRID_PARTS names their directory, by default ../shared. Needs Java 17.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
events="${1:-2000000}" users="${2:-100000}" port="${KAFKA_PORT:-19292}"
parts="${CONTEXTGRID_PARTS:-$root/../shared}"
for part in kafka/bin/kafka.sh peers/kafka-streams/rival.sh; do
  [[ -e "$parts/$part" ]] || { echo "$part is not in $parts; set CONTEXTGRID_PARTS." >&2; exit 1; }
done
work="$(mktemp -d -t contextgrid-kafka-XXXXXX)"
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
build_quietly "$root/src/ContextGrid.Server/ContextGrid.Server.csproj" -p:RunAnalyzers=false

bash "$parts/kafka/bin/kafka.sh" run "$work/broker" "$port" >"$work/broker.log" 2>&1 &
pids+=($!)
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.2; done
bash "$parts/kafka/bin/kafka.sh" topics --bootstrap-server "127.0.0.1:$port" --create --topic payments --partitions 4 >/dev/null
bash "$parts/peers/kafka-streams/rival.sh" produce "127.0.0.1:$port" payments "$events" "$users"

applied() {
  curl -s "$1/metrics" | awk '/^contextgrid_events_applied(_total)?\{/ {n += $2} END {printf "%d\n", n}'
}
now() { date +%s.%N; }
began="$(now)"
dotnet "$root/src/ContextGrid.Server/bin/Release/net10.0/ContextGrid.Server.dll" --definitions "$root/examples/benchmark" \
  --data "$work/data" --kafka "127.0.0.1:$port" --http 0 --grpc 0 >"$work/server.log" 2>&1 &
server=$!
pids+=("$server")
until grep -q '^http: ' "$work/server.log"; do
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
  sleep 0.05
done
http="$(sed -n 's/^http: //p' "$work/server.log")"
first=0
while ((first == 0)); do first="$(applied "$http")"; at="$(now)"; done
count="$first"
while ((count < events)); do
  sleep 0.1
  count="$(applied "$http")"
  kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
done
end="$(now)"
ours="$(awk -v n="$events" -v f="$first" -v a="$at" -v e="$end" 'BEGIN {printf "%.0f", (n - f) / (e - a)}')"
awk -v n="$events" -v b="$began" -v e="$end" -v r="$ours" \
  'BEGIN {printf "{\"system\":\"contextgrid\",\"events\":%d,\"seconds_from_process_start\":%.2f,\"events_per_second\":%d}\n", n, e - b, r}'
kill "$server"
wait "$server" 2>/dev/null || true

for store in memory rocksdb; do
  line="$(RIVAL_HEAP=4g bash "$parts/peers/kafka-streams/rival.sh" run "127.0.0.1:$port" payments "$events" "$users" "$store" 2>"$work/rival.log" |
    grep '"events_per_second"')"
  echo "$line"
  theirs="$(sed -n 's/.*"events_per_second":\([0-9]*\).*/\1/p' <<<"$line")"
  awk -v a="$ours" -v b="$theirs" -v s="$store" 'BEGIN {printf "ContextGrid / Kafka Streams (%s): %.1f\n", s, a / b}'
done
