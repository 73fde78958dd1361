# Sourced by the scripts: finds the .NET SDK, and builds without leaving processes behind.
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0
if ! command -v dotnet >/dev/null; then
  PATH="$PATH:/usr/share/dotnet:/usr/lib/dotnet:$HOME/.dotnet"
fi
if ! command -v dotnet >/dev/null || ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.'; then
  echo "The .NET SDK 10 is missing: install it with 'apt-get install dotnet-sdk-10.0', or from" \
    "https://dotnet.microsoft.com/download/dotnet/10.0." >&2
  exit 1
fi

# Says whether the host on Orleans is in the build, which sets WithOrleans; a value that is set already stays.
find_orleans() {
  local project
  project="$(dirname "${BASH_SOURCE[0]}")/../src/ContextGrid.Orleans/ContextGrid.Orleans.csproj"
  if [[ -z "${WithOrleans:-}" ]] && ! dotnet restore "$project" -v q -nodeReuse:false >/dev/null 2>&1; then
    export WithOrleans=false
  fi
  if [[ "${WithOrleans:-true}" == true ]]; then
    echo "The host on Orleans is in this build."
  else
    echo "The host on Orleans is not in this build: its packages can't be restored, or WithOrleans says so."
  fi
}

# Builds a project or solution in Release, with further arguments to the build; shows the output only when it fails.
build_quietly() {
  local log
  log="$(mktemp)"
  # A first build takes half a minute; on a terminal, silence would look like a hang.
  if [[ -t 2 ]]; then echo "Building $(basename "$1") …" >&2; fi
  if ! dotnet build "$@" -c Release --nologo -v q -nodeReuse:false -p:UseSharedCompilation=false >"$log" 2>&1; then
    grep -E 'error|warning' "$log" | sort -u >&2 || cat "$log" >&2
    echo "The build of $(basename "$1") failed; its whole output is in $log." >&2
    return 1
  fi
  rm -f "$log"
}
