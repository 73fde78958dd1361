#!/usr/bin/env bash
# Builds the server and starts it in the foreground; every argument goes to the server. Usage:
#   ./run.sh [--definitions DIR] [--data DIR] [--kafka HOST:PORT] [--snapshots DIR|azure:CONNECTION] [--http 7080]
#            [--grpc 7081] [--demo] [--rebuild] [--cluster ...]   (--help lists all)
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source "$root/.ci/dotnet.sh"
find_orleans
# Whoever runs it is not served by style checks; test.sh makes them.
build_quietly "$root/src/ContextGrid.Server/ContextGrid.Server.csproj" -p:RunAnalyzers=false
exec dotnet "$root/src/ContextGrid.Server/bin/Release/net10.0/ContextGrid.Server.dll" "$@"
