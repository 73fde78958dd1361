#!/usr/bin/env bash
# Brings the patches of tests/ContextGrid.Simulation.Tests/PlantedBugs up to date with the sources: after code has moved,
# a file has another name, or lines around a patch have changed. Each patch is applied where it fits, else merged as git
# merges a commit (the blob that it was made from is in the repository), else applied with fuzz, and written back.
#   load-tests/refresh-planted-bugs.sh [NAME...]     only these; default: all
# Ends with exit code 1 and the names of those that have to be written anew.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
bugs="$root/tests/ContextGrid.Simulation.Tests/PlantedBugs"
names=("$@")
(($# > 0)) || mapfile -t names < <(cd "$bugs" && ls ./*.patch | sed 's|^\./||; s|\.patch$||')
scratch="$(mktemp -d -t contextgrid-refresh-XXXXXX)"
trap 'rm -rf "$scratch"' EXIT

# Where a file is now: at its path, where git says that it has moved to, or at the only place that has its name.
path_now() {
  local path="$1" to
  while [[ ! -e "$root/$path" ]]; do
    to="$(git -C "$root" log -M40% --diff-filter=R --name-status --format= -- . |
      awk -F '\t' -v old="$path" '$2 == old { print $3; exit }')"
    [[ -n $to && $to != "$path" ]] || break
    path="$to"
  done
  if [[ ! -e "$root/$path" ]]; then
    mapfile -t found < <(git -C "$root" ls-files -- "src/**/$(basename "$path")")
    ((${#found[@]} == 1)) || return 1
    path="${found[0]}"
  fi
  echo "$path"
}

# One file of a patch: $1 the part of the patch, $2 its path then, $3 its blob then, $4 its path now; merges into b/.
merge_file() {
  local part="$1" old="$2" blob="$3" now="$4"
  mkdir -p "$scratch/a/$(dirname "$now")" "$scratch/b/$(dirname "$now")" "$scratch/base/$(dirname "$old")"
  cp "$root/$now" "$scratch/a/$now"
  cp "$root/$now" "$scratch/b/$now"
  if patch -s --fuzz=0 --no-backup-if-mismatch -r - "$scratch/b/$now" "$part" >/dev/null; then
    return 0
  fi

  cp "$root/$now" "$scratch/b/$now"
  if [[ -n $blob ]] && git -C "$root" cat-file blob "$blob" >"$scratch/base/$old" 2>/dev/null; then
    cp "$scratch/base/$old" "$scratch/theirs"
    patch -s --no-backup-if-mismatch -r - "$scratch/theirs" "$part" >/dev/null &&
      git merge-file -q "$scratch/b/$now" "$scratch/base/$old" "$scratch/theirs" && return 0
  fi

  cp "$root/$now" "$scratch/b/$now"
  patch -s --fuzz=3 --no-backup-if-mismatch -r - "$scratch/b/$now" "$part" >/dev/null
}

refresh() {
  local patch="$bugs/$1.patch" title old blob now
  rm -rf "$scratch"/*
  title="$(head -n 1 "$patch")"
  csplit -s -z -f "$scratch/part-" "$patch" '/^--- a\//' '{*}'
  for part in "$scratch"/part-*; do
    old="$(sed -n 's|^--- a/||p' "$part")"
    [[ -n $old ]] || continue
    blob="$(grep -B 1 -F -- "--- a/$old" "$patch" | sed -n 's/^index \([0-9a-f]*\)\.\..*/\1/p')"
    now="$(path_now "$old")" && merge_file "$part" "$old" "$blob" "$now" || return 1
  done
  { echo "$title"; echo; (cd "$scratch" && git diff --no-index --no-prefix --no-color a b || true) |
    sed -E 's|^diff --git a/(.*) b/(.*)$|diff --git a/\1 b/\2|'; } >"$scratch/new.patch"
  grep -q '^@@' "$scratch/new.patch" || return 1
  mv "$scratch/new.patch" "$patch"
}

unfit=()
for name in "${names[@]}"; do
  refresh "$name" || unfit+=("$name")
done
if ((${#unfit[@]} > 0)); then
  echo "These patches do not fit any more; write them anew: ${unfit[*]}" >&2
  exit 1
fi
echo "${#names[@]} patches fit the sources."
