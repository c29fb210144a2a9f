#!/usr/bin/env bash
# What CI calls, the same on a laptop: scripts/ci.sh all | test | lint | …; a wrong name prints the jobs
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
if ! command -v node >/dev/null; then
  echo "Node 20.19 or newer is needed" >&2
  echo "0 passed, 1 failed"
  exit 1
fi
exec node scripts/ci.mjs "$@"
