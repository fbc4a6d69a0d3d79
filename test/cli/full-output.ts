// Runs the command with its output on a full disk, and ends as it does.

import { spawnSync } from 'node:child_process'
import { openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const { status } = spawnSync(process.execPath, ['--import', 'tsx', main, ...process.argv.slice(2)], {
  stdio: ['ignore', openSync('/dev/full', 'w'), 'inherit'],
})
process.exitCode = status ?? 70
