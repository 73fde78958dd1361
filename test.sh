#!/usr/bin/env bash
# Builds everything, runs every test, and ends with one line: N passed, N failed, N skipped.
# Exits non-zero when a test failed, or when a suite did not run to its end. Usage: ./test.sh [SUITE...]
# where SUITE is the name of a test project, such as ContextGrid.Core.Tests; none: all.
set -uo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$root/.ci/dotnet.sh"
find_orleans
build_quietly "$root/ContextGrid.sln" || exit 1
logs="$(mktemp -d -t contextgrid-tests-XXXXXX)"
passed=0 failed=0 skipped=0

# The number of an attribute of the <assembly> element of a result file.
count() {
  sed -n 's/.*<assembly [^>]* '"$2"'="\([0-9]*\)".*/\1/p' "$1" | head -n 1
}

run_suite() {
  local name="$1" started=$SECONDS log="$logs/$1.log" results="$logs/$1.xml"
  local program="$root/tests/$name/bin/Release/net10.0/$name.dll"
  timeout --kill-after=10 "${CONTEXTGRID_SUITE_SECONDS:-1500}" \
    dotnet "$program" -noColor -xml "$results" >"$log" 2>&1 </dev/null
  local code=$?
  local p f s e
  p="$(count "$results" passed 2>/dev/null)" f="$(count "$results" failed 2>/dev/null)"
  s="$(count "$results" skipped 2>/dev/null)" e="$(count "$results" errors 2>/dev/null)"
  passed=$((passed + ${p:-0})) skipped=$((skipped + ${s:-0}))
  local broken=$((${f:-0} + ${e:-0}))
  if ((code != 0 && broken == 0)); then
    broken=1
    echo "$name ended with exit code $code before all its tests had run."
  fi
  failed=$((failed + broken))
  echo "$name: ${p:-0} passed, $broken failed, ${s:-0} skipped in $((SECONDS - started)) s"
  if ((broken > 0)); then
    grep -A 25 -E '\[FAIL\]|Unhandled|error' "$log" | head -n 400 || tail -n 50 "$log"
  fi
  grep -E '\[SKIP\]' -A 1 "$log" || true
}

if (($# > 0)); then
  suites=("$@")
else
  mapfile -t suites < <(cd "$root/tests" && ls -d ./*.Tests | sed 's|^\./||')
fi
for suite in "${suites[@]}"; do
  [[ "$suite" == ContextGrid.Orleans.Tests && "${WithOrleans:-true}" != true ]] || run_suite "$suite"
done
echo "The whole output is in $logs."
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
