#!/usr/bin/env bash
# The ladder: each rung bounds what stands on it, and a rung's rival does the same work in the same run. Prints a table,
# and before it a JSON line for each figure.
#   load-tests/ladder.sh [RUNG...]      none: all, about ten minutes
# Rungs: ceilings decode apply query append embedded grpc readable latency. EVENTS and USERS (default 1,000,000 and
# 100,000) set the size of embedded, grpc, readable and latency.
# Uses h2load (Debian nghttp2-client) and Redis (Debian redis-server, redis-tools); what is missing is named and left out.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
events="${EVENTS:-1000000}" users="${USERS:-100000}"
rungs=("$@")
(($# > 0)) || rungs=(ceilings decode apply query append embedded grpc readable latency)
cd "$root"
work="$(mktemp -d -t contextgrid-ladder-XXXXXX)"
rows="$work/rows"
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

if [[ "${BUILD:-1}" == 1 ]]; then
  build_quietly "$root/load-tests/ContextGrid.LoadTests/ContextGrid.LoadTests.csproj" -p:RunAnalyzers=false
  build_quietly "$root/src/ContextGrid.Server/ContextGrid.Server.csproj" -p:RunAnalyzers=false
fi
tool() { dotnet "$root/load-tests/ContextGrid.LoadTests/bin/Release/net10.0/ContextGrid.LoadTests.dll" "$@"; }
rows() { "$@" | tee -a "$rows"; }
row() { rows tool row --rung "$1" --what "$2" --unit "$3" "${@:4}"; }
thirty="$root/examples/benchmark" fifty="$root/examples/benchmark-50"
has() { command -v "$1" >/dev/null || { echo "$1 is missing; its rows are left out." >&2; return 1; }; }

# Waits for the line "grpc: ADDRESS" that servers print, and prints the address.
address_in() {
  for _ in $(seq 200); do
    if grep -q '^grpc: ' "$1"; then sed -n 's/^grpc: //p' "$1"; return; fi
    sleep 0.1
  done
  cat "$1" >&2
  return 1
}
serve() {
  dotnet "$root/src/ContextGrid.Server/bin/Release/net10.0/ContextGrid.Server.dll" --definitions "$1" \
    --data "$work/data-$RANDOM" --http 0 --grpc 0 >"$work/server.log" 2>&1 &
  server=$!
  pids+=("$server")
  grpc="$(address_in "$work/server.log")"
}
redis() {
  redis_socket="$work/redis.sock"
  redis-server --port 0 --unixsocket "$redis_socket" --save '' --appendonly no >/dev/null &
  pids+=($!)
  until redis-cli -s "$redis_socket" ping >/dev/null 2>&1; do sleep 0.1; done
}
# h2load REQUEST CONNECTIONS ADDRESS: calls a second in a closed loop.
closed() {
  h2load -D 8 --warm-up-time 4 -c "$2" -m 1 -t 1 -d "$1" -H 'content-type: application/grpc' -H 'te: trailers' \
    "$3/contextgrid.v1.ContextService/GetContext" | sed -n 's/^finished in [^,]*, \([0-9.]*\) req.*/\1/p'
}
# REQUEST, calls a second in all, ADDRESS, FILE: an open loop; a call that stalls does not hold the next ones back.
open() {
  rm -f "$4"
  h2load -n "$(($2 * 12))" --rps "$(($2 / 4))" -c 4 -m 100 -t 1 -d "$1" --log-file "$4" \
    -H 'content-type: application/grpc' -H 'te: trailers' \
    "$3/contextgrid.v1.ContextService/GetContext" >/dev/null
}
# Processor time that the server has used, in hundredths of a second.
used() { awk '{print $14 + $15}' "/proc/$server/stat"; }
# REQUEST COUNT WHAT: the server's processor time for a call, which other work on the machine hardly moves.
cost() {
  local before
  before="$(used)"
  h2load -n "$2" -c 8 -m 1 -t 1 -d "$1" -H 'content-type: application/grpc' -H 'te: trailers' \
    "$grpc/contextgrid.v1.ContextService/GetContext" >/dev/null
  row grpc "the server's processor time, $3" 'µs' --value "$(times "$(($(used) - before))" "10000 / $2")"
}
times() { awk "BEGIN {printf \"%.0f\", ${1:-0} * $2}"; }

ceilings() {
  rows tool memory
  rows tool jitter
  rows tool fsync
  has h2load || return 0
  printf '\0\0\0\0\0' >"$work/empty"
  mkfifo "$work/hold"
  tool kestrel --bytes "${1:-2000}" >"$work/kestrel.log" <"$work/hold" &
  pids+=($!)
  exec 7>"$work/hold"
  address="$(address_in "$work/kestrel.log")"
  row ceilings "bare Kestrel, HTTP/2, ${1:-2000} bytes, 16 connections" calls/s --value "$(closed "$work/empty" 16 "$address")"
  open "$work/empty" 1000 "$address" "$work/kestrel.tsv"
  rows tool percentiles --rung ceilings --file "$work/kestrel.tsv" --what "bare Kestrel, open loop at 1,000/s"
  exec 7>&-
}
decode() { rows tool decode --definitions "$thirty"; }
apply() {
  rows tool apply --definitions "$thirty"
  rows tool apply --definitions "$fifty"
}
query() {
  rows tool query --definitions "$thirty"
  rows tool query --definitions "$fifty"
}
append() { rows tool append; }
embedded() {
  rows tool embedded --definitions "$thirty" --events "$events" --users "$users"
  has redis-server || return 0
  redis
  local count=$((events / 10)) started
  tool redis-count --events "$count" --users "$users" >"$work/commands"
  started="$(date +%s%N)"
  redis-cli -s "$redis_socket" --pipe <"$work/commands" >/dev/null
  row embedded "Redis, 30 counting commands an event, pipelined, not durable" events/s \
    --rival Redis --rival-value "$((count * 1000000000 / ($(date +%s%N) - started)))"
  rm "$work/commands"
  kill "${pids[-1]}"
}
grpc() {
  serve "$fifty"
  # A first run compiles; it counts in no figure.
  tool publish --server "$grpc" --events "$((events / 4))" --users "$users" --quiet 1
  local before
  before="$(used)"
  rows tool publish --server "$grpc" --events "$events" --users "$users"
  row grpc "the server's processor time, an event published and applied" 'µs' \
    --value "$(awk "BEGIN {print ($(used) - $before) * 10000 / $events}")"
  row grpc "resident memory of the server" MB --value "$(($(ps -o rss= -p "$server") / 1024))"
  local one hundred rate
  one="$(tool request --server "$grpc" --users "$users" --count 1 --file "$work/one")"
  hundred="$(tool request --server "$grpc" --users "$users" --count 100 --file "$work/hundred")"
  has h2load || return 0
  row grpc "GetContext, 50 features, 1 entity ($one bytes), closed loop, 16 connections" calls/s \
    --value "$(closed "$work/one" 16 "$grpc")" --aim '≥ 60,000'
  cost "$work/one" 60000 "GetContext, 50 features, 1 entity"
  open "$work/one" 1000 "$grpc" "$work/one.tsv"
  rows tool percentiles --file "$work/one.tsv" --what "GetContext, 50 features, 1 entity, open loop at 1,000/s" --aim '≤ 0.8'
  rate="$(closed "$work/hundred" 8 "$grpc")"
  row grpc "GetContext, 50 features, 100 entities a call ($hundred bytes), closed loop" values/s \
    --value "$(times "$rate" 5000)" --aim '≥ 2,000,000'
  open "$work/hundred" 100 "$grpc" "$work/hundred.tsv"
  rows tool percentiles --file "$work/hundred.tsv" --what "GetContext, 50 features, 100 entities a call, open loop at 100/s" --aim '≤ 5'
  kill "$server"
  has redis-benchmark || return 0
  redis
  tool redis-fill --users "$users" | redis-cli -s "$redis_socket" --pipe >/dev/null
  hmget() {
    # shellcheck disable=SC2046
    redis-benchmark -s "$redis_socket" -n 300000 "$@" -r "$users" --csv HMGET u__rand_int__ $(seq -f 'f%.0f' -s ' ' 0 49) |
      tail -n 1 | cut -d, -f2 | tr -d '"'
  }
  row grpc "Redis HMGET of 50 ready fields, 16 connections" calls/s --rival Redis --rival-value "$(hmget -c 16)"
  row grpc "Redis HMGET of 50 ready fields, pipelined by 16" values/s --rival Redis \
    --rival-value "$(times "$(hmget -c 8 -P 16)" 50)"
  kill "${pids[-1]}"
}
readable() {
  serve "$fifty"
  tool publish --server "$grpc" --events "$((events / 4))" --users "$users" --quiet 1
  rows tool readable --server "$grpc" --users "$users"
  kill "$server"
}
latency() {
  rows tool latency --definitions "$fifty" --users "$users"
  has h2load || return 0
  serve "$fifty"
  tool publish --server "$grpc" --events "$events" --users "$users" --quiet 1
  tool request --server "$grpc" --users "$users" --count 1 --file "$work/one" >/dev/null
  tool publish --server "$grpc" --users "$users" --rate "${RATE:-60000}" --seconds 16 &
  local load=$!
  open "$work/one" 1000 "$grpc" "$work/busy.tsv"
  rows tool percentiles --rung latency --file "$work/busy.tsv" --aim '≤ 5' \
    --what "GetContext at 1,000/s while publishing ${RATE:-60000} events/s by gRPC"
  wait "$load"
  kill "$server"
}

for rung in "${rungs[@]}"; do "$rung"; done
printf '\n%s cores, %s; clients, servers and rivals share them.\n\n' "$(nproc)" \
  "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
tool table <"$rows"
