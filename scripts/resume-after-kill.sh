#!/usr/bin/env bash
# Kills a real transfer again and again, at moments drawn from a seed, and says what each kill cost.
#
#   scripts/resume-after-kill.sh [--seed N] [--kills N] [--size MB] [--window BLOCKS] [--keep]
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
exec node --import "$root/node_modules/tsx/dist/esm/index.mjs" "$root/scripts/resume-after-kill.ts" "$@"
