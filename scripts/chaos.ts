// Real peers, real disks, real sockets, and everything that goes wrong with them, from a seed: people who edit at every
// peer, links that lose, double, delay and damage, processes that are killed and stopped, disks that fill up, shares that are put back to older copies. When the
// faults stop it waits until the shares are the same and judges what became of every edit. `npm run chaos --help`.
//
//     chaos ─▶ calm ─▶ converged ─▶ judged ─▶ quiet ─▶ stopped in order ─▶ started again: nothing to do ─▶ stopped
//
// Ends with 0 where everything held. A failure says what was expected and found; --keep keeps the shares and the story.

import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArguments, refuse } from '../harness/peers/arguments.js'
import { runChaos } from './chaos/run.js'

const SCRIPT = 'chaos'

/** Nobody's disk is so small; it fills in a second. */
const SMALL_DISK_BYTES = 400_000_000

const HELP = `npm run chaos -- [--seed N] [--minutes M] [--peers N] [--no-restores] [--keep]

  --seed N      everything that is drawn comes from it (default: a fresh one, which is printed)
  --minutes M   how long things go wrong, before all is judged (default: 1)
  --peers N     2 to 6 (default: 3)
  --no-restores put no share back to an older copy
  --keep        leave the shares and the story of what was done where they are

As root it mounts a small disk for one of the peers and goes on as user 65534: so that disks fill up, and
files are there that nobody may read.
`

const values = parseArguments(SCRIPT, {
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  minutes: { type: 'string', default: '1' },
  peers: { type: 'string', default: '3' },
  'no-restores': { type: 'boolean', default: false },
  keep: { type: 'boolean', default: false },
  folder: { type: 'string' },
  help: { type: 'boolean', default: false },
})
if (values.help) {
  process.stdout.write(HELP)
  process.exit()
}
const seed = Number(values.seed)
const minutes = Number(values.minutes)
const peerCount = Number(values.peers)
if (!Number.isSafeInteger(seed) || seed < 0) refuse(SCRIPT, `--seed ${values.seed} is not a whole number`)
if (!(minutes > 0)) refuse(SCRIPT, `--minutes ${values.minutes} is not a number above 0`)
if (!(peerCount >= 2 && peerCount <= 6)) refuse(SCRIPT, `--peers ${values.peers} is not a number from 2 to 6`)

process.exitCode = values.folder === undefined ? await prepared() : await judged(values.folder)

/** Makes the folder (and, as root, the small disk) and runs the rest as somebody to whom files can be forbidden. */
async function prepared(): Promise<number> {
  console.log(`seed ${seed}`)
  const folder = mkdtempSync(join(tmpdir(), 'left-chaos-'))
  chmodSync(folder, 0o777)
  const small = join(folder, 'B')
  const isMounted = mountSmall(small)
  const isRoot = process.getuid?.() === 0
  const child = spawn(
    process.execPath,
    [...process.execArgv, ...process.argv.slice(1), '--seed', String(seed), '--folder', folder],
    {
      stdio: 'inherit',
      ...(isRoot ? { uid: 65_534, gid: 65_534 } : {}),
    },
  )
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => child.kill('SIGTERM'))
  const code = await new Promise<number>((resolve) =>
    child.once('exit', (exitCode) => resolve(exitCode ?? 1)),
  )
  if (values.keep) console.log(`kept: ${folder}${isMounted ? ` (a disk is mounted on ${small})` : ''}`)
  else {
    if (isMounted) execFileSync('umount', ['--lazy', small])
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
  return code
}

function mountSmall(folder: string): boolean {
  mkdirSync(folder)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK_BYTES},mode=777`, 'tmpfs', folder], {
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}

async function judged(folder: string): Promise<number> {
  const failures = await runChaos({
    seed,
    chaosMs: minutes * 60_000,
    peerCount,
    folder,
    restores: !values['no-restores'],
  })
  if (failures.length === 0) return 0
  console.log(`${failures.length} failures with seed ${seed}:`)
  for (const failure of failures) console.log(`  ${failure}`)
  return 1
}
