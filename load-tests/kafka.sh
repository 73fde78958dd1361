#!/usr/bin/env bash
# ContextGrid on Kafka, with a broker of its own on this machine. Prints JSON lines.
#   load-tests/kafka.sh [PART...]       none: all, about eight minutes
# Parts: rival      Kafka → queryable, ContextGrid and Kafka Streams one after the other on the same topic and work:
#                   JSON payments, 30 features; and the ratio
#        freshness  publish → readable through Kafka at 1,000 and 20,000 events/s
#        catchup    how fast a server that was away catches up, and the latency of queries meanwhile
# EVENTS and USERS set the size, default 2,000,000 and 100,000. Broker and rival are not of this repository:
# CONTEXTGRID_PARTS names their directory, by default ../shared. Needs Java 17 and kcat; queries need h2load.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
events="${EVENTS:-2000000}" users="${USERS:-100000}" port="${KAFKA_PORT:-19292}"
parts="${CONTEXTGRID_PARTS:-$root/../shared}"
runs=("$@")
(($# > 0)) || runs=(rival freshness catchup)
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
if [[ "${BUILD:-1}" == 1 ]]; then
  build_quietly "$root/src/ContextGrid.Server/ContextGrid.Server.csproj" -p:RunAnalyzers=false
  build_quietly "$root/load-tests/ContextGrid.LoadTests/ContextGrid.LoadTests.csproj" -p:RunAnalyzers=false
fi
tool() { dotnet "$root/load-tests/ContextGrid.LoadTests/bin/Release/net10.0/ContextGrid.LoadTests.dll" "$@"; }
kafka() { bash "$parts/kafka/bin/kafka.sh" "$@"; }
streams() { bash "$parts/peers/kafka-streams/rival.sh" "$@"; }
now() { date +%s.%N; }

# PARTITIONS: an empty topic of payments.
topic() {
  kafka topics --bootstrap-server "127.0.0.1:$port" --delete --if-exists --topic payments >/dev/null
  kafka topics --bootstrap-server "127.0.0.1:$port" --create --topic payments --partitions "$1" >/dev/null
}
# Starts the server on a data directory; sets server, http and grpc.
serve() {
  rm -f "$work/server.log"
  dotnet "$root/src/ContextGrid.Server/bin/Release/net10.0/ContextGrid.Server.dll" --definitions "$root/examples/benchmark" \
    --data "$1" --kafka "127.0.0.1:$port" --http 0 --grpc 0 >"$work/server.log" 2>&1 &
  server=$!
  pids+=("$server")
  until grep -qs '^grpc: ' "$work/server.log"; do
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
    sleep 0.05
  done
  http="$(sed -n 's/^http: //p' "$work/server.log")"
  grpc="$(sed -n 's/^grpc: //p' "$work/server.log")"
}
stop() {
  kill "$server"
  wait "$server" 2>/dev/null || true
}
applied() {
  curl -s "$http/metrics" | awk '/^contextgrid_events_applied(_total)?\{/ {n += $2} END {printf "%d\n", n}'
}
# COUNT: waits until so many events are applied; prints events a second from the first that was seen to the last.
rate_to() {
  local first=0 count at
  while ((first == 0)); do first="$(applied)"; at="$(now)"; done
  count="$first"
  while ((count < $1)); do
    sleep 0.1
    count="$(applied)"
    kill -0 "$server" 2>/dev/null || { cat "$work/server.log" >&2; exit 1; }
  done
  awk -v n="$1" -v f="$first" -v a="$at" -v e="$(now)" 'BEGIN {printf "%.0f", (n - f) / (e - a)}'
}

rival() {
  topic 4
  streams produce "127.0.0.1:$port" payments "$events" "$users"
  # Whoever came first would otherwise pay for the broker's cold caches and compiler.
  kcat -C -e -q -b "127.0.0.1:$port" -t payments -o beginning >/dev/null
  local began ours line theirs
  began="$(now)"
  serve "$work/rival"
  ours="$(rate_to "$events")"
  awk -v n="$events" -v b="$began" -v e="$(now)" -v r="$ours" 'BEGIN {
    printf "{\"system\":\"contextgrid\",\"events\":%d,\"seconds_from_process_start\":%.2f,\"events_per_second\":%d}\n", n, e - b, r}'
  stop
  for store in memory rocksdb; do
    line="$(RIVAL_HEAP=4g streams run "127.0.0.1:$port" payments "$events" "$users" "$store" 2>"$work/rival.log" |
      grep '"events_per_second"')"
    echo "$line"
    theirs="$(sed -n 's/.*"events_per_second":\([0-9]*\).*/\1/p' <<<"$line")"
    awk -v a="$ours" -v b="$theirs" -v s="$store" 'BEGIN {printf "ContextGrid / Kafka Streams (%s): %.1f\n", s, a / b}'
  done
}
freshness() {
  topic 4
  serve "$work/fresh"
  tool publish --server "$grpc" --events "$((events / 10))" --users "$users" --quiet 1
  tool readable --server "$grpc" --users "$users"
  tool readable --server "$grpc" --users "$users" --rate 20000 --batch 20
  stop
}
catchup() {
  topic 4
  streams produce "127.0.0.1:$port" payments "$events" "$users" >/dev/null
  serve "$work/away"
  rate_to "$events" >/dev/null
  stop
  streams produce "127.0.0.1:$port" payments "$events" "$users" >/dev/null
  serve "$work/away"
  local speed queries=0
  if command -v h2load >/dev/null; then
    tool request --server "$grpc" --users "$users" --count 1 --file "$work/one" >/dev/null
    h2load -n 6000 --rps 250 -c 4 -m 100 -t 1 -d "$work/one" --log-file "$work/busy.tsv" \
      -H 'content-type: application/grpc' -H 'te: trailers' "$grpc/contextgrid.v1.ContextService/GetContext" >/dev/null &
    queries=$!
  fi
  speed="$(rate_to "$events")"
  tool row --rung kafka --what "catching up with $events events that came while it was away" --unit events/s --value "$speed"
  if ((queries > 0)); then
    wait "$queries"
    tool percentiles --rung kafka --file "$work/busy.tsv" --what "GetContext at 1,000/s meanwhile, for 6 s" --aim '≤ 5'
  fi
  stop
}

kafka run "$work/broker" "$port" >"$work/broker.log" 2>&1 &
pids+=($!)
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.2; done
for run in "${runs[@]}"; do "$run"; done
printf '%s cores, %s; broker, clients, servers and rivals share them.\n' "$(nproc)" \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
