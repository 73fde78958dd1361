#!/usr/bin/env bash
# The server from end to end beside Redis on the same work, in one run: publishes simulated payments (30 features a user),
# then reads them by gRPC; then fills Redis with 30 fields a user and reads those by HMGET. Prints a table, then JSON.
#   load-tests/serve.sh [EVENTS] [USERS]      default 1,000,000 and 100,000
# Uses h2load (Debian nghttp2-client), redis-server and redis-benchmark (Debian redis-server, redis-tools), and ghz for
# the open loop when it is on the PATH or in $CONTEXTGRID_PARTS/bin. What is missing is named and left out.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/.ci/dotnet.sh"
events="${1:-1000000}" users="${2:-100000}"
work="$(mktemp -d -t contextgrid-serve-XXXXXX)"
server_pid="" redis_pid=""
finish() {
  [[ -z $server_pid ]] || kill "$server_pid" 2>/dev/null || true
  [[ -z $redis_pid ]] || kill "$redis_pid" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
rows=()
row() { rows+=("$1|$2|$3"); }

build_quietly "$root/src/ContextGrid.Server/ContextGrid.Server.csproj" -p:RunAnalyzers=false
cli=("$root/contextgrid")
"${cli[@]}" --help >/dev/null
"${cli[@]}" generate --events "$events" --users "$users" --seed 42 --start "$(($(date +%s%3N) - events))" >"$work/events.ndjson"

dotnet "$root/src/ContextGrid.Server/bin/Release/net10.0/ContextGrid.Server.dll" --definitions "$root/examples/benchmark" \
  --data "$work/data" --http 0 --grpc 0 >"$work/server.log" 2>&1 &
server_pid=$!
for _ in $(seq 100); do
  grep -q '^grpc: ' "$work/server.log" && break
  sleep 0.1
done
grpc="$(sed -n 's/^grpc: //p' "$work/server.log")"
address="${grpc#http://}"

# Published means durable; applied means that queries see it.
started="$(date +%s%N)"
"${cli[@]}" publish --topic payments --file "$work/events.ndjson" --batch 5000 --server "$grpc" >"$work/publish.log" 2>&1
published="$(date +%s%N)"
until "${cli[@]}" status --json --server "$grpc" | grep -Eq "\"events_?[aA]pplied\": *\"?$events\b"; do :; done
applied="$(date +%s%N)"
row "publish: JSON to durable log, events/s" "$((events * 1000000000 / (published - started)))" ""
row "publish to queryable, events/s" "$((events * 1000000000 / (applied - started)))" ""
row "resident memory of the server, MB" "$(($(ps -o rss= -p "$server_pid") / 1024))" ""

# One gRPC request as bytes: a zero byte, the length, and the message GetContextRequest{entities: [{user, KEY}]}.
request() {
  python3 - "$work/$1" "${@:2}" <<'PY'
import struct, sys
def field(number, data): return bytes([number << 3 | 2]) + varint(len(data)) + data
def varint(n):
    out = b""
    while n >= 128: out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])
message = b"".join(field(1, field(1, b"user") + field(2, key.encode())) for key in sys.argv[2:])
open(sys.argv[1], "wb").write(b"\0" + struct.pack(">I", len(message)) + message)
PY
}
load() {
  h2load -D 8 --warm-up-time 3 -c "$2" -m 1 -t 1 -d "$work/$1" -H 'content-type: application/grpc' -H 'te: trailers' \
    "$grpc/contextgrid.v1.ContextService/GetContext" >"$work/h2load.log"
  sed -n 's/^finished in [^,]*, \([0-9.]*\) req.*/\1/p' "$work/h2load.log"
}
typical="u$((users / 4))"
if command -v h2load >/dev/null; then
  request one "$typical"
  row "GetContext, 1 entity, 30 features, closed loop, 16 connections: calls/s" "$(load one 16)" ""
  # shellcheck disable=SC2046
  request hundred $(seq -f 'u%.0f' "$((users / 4))" 37 "$((users / 4 + 37 * 99))")
  calls="$(load hundred 8)"
  row "GetContext, 100 entities a call: feature values/s" "$(awk "BEGIN {printf \"%.0f\", $calls * 3000}")" ""
else
  echo "h2load is missing (Debian package nghttp2-client); the closed loop is left out." >&2
fi
ghz="$(command -v ghz || ls "${CONTEXTGRID_PARTS:-$root/../shared}/bin/ghz" 2>/dev/null || true)"
if [[ -n $ghz ]]; then
  "$ghz" --insecure --rps 1000 -c 20 --connections 4 -z 10s --call contextgrid.v1.ContextService/GetContext \
    -d "{\"entities\":[{\"type\":\"user\",\"key\":\"$typical\"}]}" -O json "$address" >"$work/ghz.json" 2>/dev/null
  for p in 50 99; do
    ns="$(python3 -c "import json,sys; print(next(d['latency'] for d in json.load(open(sys.argv[1]))['latencyDistribution'] if d['percentage'] == $p))" "$work/ghz.json")"
    row "GetContext, 1 entity at 1,000 calls/s (open loop): p$p, ms" "$(awk "BEGIN {printf \"%.2f\", $ns / 1e6}")" ""
  done
fi

if command -v redis-server >/dev/null && command -v redis-benchmark >/dev/null; then
  port=16399
  redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no >/dev/null &
  redis_pid=$!
  sleep 1
  python3 - "$users" <<'PY' | redis-cli -p "$port" --pipe >/dev/null
import sys
for user in range(int(sys.argv[1])):
    print("HSET u%012d " % user + " ".join("f%d %d.25" % (f, user % 1000 + f) for f in range(30)))
PY
  fields="$(seq -f 'f%.0f' -s ' ' 0 29)"
  # shellcheck disable=SC2086
  rate="$(redis-benchmark -p "$port" -n 400000 -c 16 -r "$users" --csv HMGET u__rand_int__ $fields | tail -n 1 | cut -d, -f2 | tr -d '"')"
  row "rival: Redis HMGET of 30 fields, 16 connections: calls/s" "" "$rate"
  # shellcheck disable=SC2086
  rate="$(redis-benchmark -p "$port" -n 400000 -c 8 -P 16 -r "$users" --csv HMGET u__rand_int__ $fields | tail -n 1 | cut -d, -f2 | tr -d '"')"
  row "rival: Redis HMGET pipelined by 16: field values/s" "" "$(awk "BEGIN {printf \"%.0f\", $rate * 30}")"
else
  echo "redis-server is missing (Debian packages redis-server and redis-tools); the rival is left out." >&2
fi

printf '%-75s %14s %14s\n' "$(nproc) cores, $events events, $users users" ContextGrid Redis
for entry in "${rows[@]}"; do
  IFS='|' read -r name ours theirs <<<"$entry"
  printf '%-75s %14s %14s\n' "$name" "$ours" "$theirs"
done
python3 - "${rows[@]}" <<'PY'
import json, sys
print(json.dumps({(n := r.split("|"))[0]: float(n[1] or n[2]) for r in sys.argv[1:]}))
PY
