#!/usr/bin/env bash
# The host on Orleans. Prints JSON lines.
#   load-tests/cluster.sh [--events N] [--users N]         default 1,000,000 and 100,000, about two minutes
# One silo and the embedded host, in turn, twice, each in a process of its own: events of a file log into entities, and
# queries of 1 and 100 entities, 30 features each, in process.
#   load-tests/cluster.sh processes [SILOS...]             none: 0 1 3; 0: a server that is no silo; about four minutes
# Servers as silos, with Kafka, Redis and a directory for the state: events of all users into entities that are not yet in
# memory, then more of them, and GetContext in an open loop. EVENTS and USERS set the size, default 500,000 and 100,000.
# CONTEXTGRID_PARTS names the directory of the broker, by default ../shared. Needs Java 17, redis-server and h2load.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
work="$(mktemp -d -t contextgrid-cluster-XXXXXX)"
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

in_process() {
  build_quietly "$root/load-tests/ContextGrid.SiloRuns/ContextGrid.SiloRuns.csproj" -p:RunAnalyzers=false
  for round in 1 2; do
    for host in embedded silo; do
      dotnet "$root/load-tests/ContextGrid.SiloRuns/bin/Release/net10.0/ContextGrid.SiloRuns.dll" --host "$host" \
        --definitions "$root/examples/benchmark" --data "$work/$host$round" "$@"
      rm -rf "${work:?}/$host$round"
    done
  done
}

events="${EVENTS:-500000}" users="${USERS:-100000}" port="${KAFKA_PORT:-19392}" redis="${REDIS_PORT:-19395}"
parts="${CONTEXTGRID_PARTS:-$root/../shared}"
tool() { dotnet "$root/load-tests/ContextGrid.LoadTests/bin/Release/net10.0/ContextGrid.LoadTests.dll" "$@"; }
kafka() { bash "$parts/kafka/bin/kafka.sh" "$@"; }
produce() { bash "$parts/peers/kafka-streams/rival.sh" produce "127.0.0.1:$port" payments "$events" "$users" >/dev/null; }
now() { date +%s.%N; }

# NUMBER: starts a silo, or a server that is none.
silo() {
  local member=(--cluster --membership "redis:127.0.0.1:$redis" --cluster-name "$cluster" --silo "127.0.0.1:$((port + 10 + $1))")
  [[ $cluster != bench0 ]] || member=()
  dotnet "$root/src/ContextGrid.Server/bin/Release/net10.0/ContextGrid.Server.dll" --definitions "$root/examples/benchmark" \
    "${member[@]}" --kafka "127.0.0.1:$port" --snapshots "$work/$cluster" --http 0 --grpc 0 >"$work/silo$1.log" 2>&1 &
  silos+=($!)
  pids+=($!)
}
# NUMBER: waits until it listens.
listening() {
  local log="$work/silo$1.log"
  until grep -qs '^grpc: ' "$log"; do
    kill -0 "${silos[$1]}" 2>/dev/null || { cat "$log" >&2; exit 1; }
    sleep 0.05
  done
  http+=("$(sed -n 's/^http: //p' "$log")")
  grpc+=("$(sed -n 's/^grpc: //p' "$log")")
}
applied() {
  for h in "${http[@]}"; do curl -s "$h/metrics"; done |
    awk '/^contextgrid_events_applied(_total)?\{/ {n += $2} END {printf "%d\n", n}'
}
# WHAT COUNT: waits until so many events are applied by all silos, and tells the rate since the last call.
rate_to() {
  local count from="$counted" at="$counted_at"
  until count="$(applied)" && ((count >= $2)); do sleep 0.2; done
  counted="$count" counted_at="$(now)"
  tool row --rung cluster --what "$1" --unit events/s \
    --value "$(awk -v n="$count" -v f="$from" -v a="$at" -v e="$counted_at" 'BEGIN {printf "%.0f", (n - f) / (e - a)}')"
}
# WHAT ENTITIES RATE: GetContext at one silo, in an open loop.
query() {
  tool request --server "${grpc[0]}" --users "$users" --count "$2" --file "$work/request" >/dev/null
  rm -f "$work/calls.tsv"
  h2load -n "$(($3 * 10))" --rps "$(($3 / 4))" -c 4 -m 100 -t 1 -d "$work/request" --log-file "$work/calls.tsv" \
    -H 'content-type: application/grpc' -H 'te: trailers' "${grpc[0]}/contextgrid.v1.ContextService/GetContext" >/dev/null
  tool percentiles --rung cluster --file "$work/calls.tsv" --what "$1" --aim "$4"
}
memory() { for pid in "${silos[@]}"; do awk '/^VmRSS/ {print $2}' "/proc/$pid/status"; done | paste -sd+ | bc; }

# SILOS
run() {
  local servers="$(($1 > 0 ? $1 : 1))"
  cluster="bench$1" silos=() http=() grpc=()
  kafka topics --bootstrap-server "127.0.0.1:$port" --delete --if-exists --topic payments >/dev/null
  kafka topics --bootstrap-server "127.0.0.1:$port" --create --topic payments --partitions 6 >/dev/null
  produce
  produce
  for ((i = 0; i < servers; i++)); do silo "$i"; done
  for ((i = 0; i < servers; i++)); do listening "$i"; done
  counted="$(applied)" counted_at="$(now)"
  rate_to "$1 silos, first events of $users users" "$events"
  rate_to "$1 silos, more events of them" "$((2 * events))"
  tool row --rung cluster --what "$1 silos, resident memory together" --unit MB --value "$(($(memory) / 1024))"
  query "$1 silos, 1 entity of 30 features, 400 calls/s" 1 400 '≤ 2'
  query "$1 silos, 100 entities of 30 features, 40 calls/s" 100 40 ''
  for pid in "${silos[@]}"; do kill "$pid"; done
  for pid in "${silos[@]}"; do wait "$pid" || true; done
}
processes() {
  build_quietly "$root/src/ContextGrid.Server/ContextGrid.Server.csproj" -p:RunAnalyzers=false
  build_quietly "$root/load-tests/ContextGrid.LoadTests/ContextGrid.LoadTests.csproj" -p:RunAnalyzers=false
  redis-server --bind 127.0.0.1 --port "$redis" --save '' --dir "$work" >/dev/null &
  pids+=($!)
  kafka run "$work/broker" "$port" >"$work/broker.log" 2>&1 &
  pids+=($!)
  until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.2; done
  (($# > 0)) || set -- 0 1 3
  for count in "$@"; do run "$count"; done
}

if [[ "${1:-}" == processes ]]; then
  shift
  processes "$@"
else
  in_process "$@"
fi
printf '%s cores, %s; everything shares them.\n' "$(nproc)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
