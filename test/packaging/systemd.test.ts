import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../io/temporary-folder.js'
import { ROOT } from './npm-package.js'

const SYSTEM_UNIT = join(ROOT, 'packaging/systemd/system/left@.service')
const USER_UNIT = join(ROOT, 'packaging/systemd/user/left.service')

/** `--offline` of `security` came with it. */
const VERSION_MIN = 250

function analyze(...words: string[]) {
  // A user's service manager has a folder for its sockets.
  const runtime = join(temporaryFolder(), 'runtime')
  mkdirSync(runtime, { mode: 0o700 })
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime, SYSTEMD_COLORS: '0' }
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['--no-pager', ...words], {
    env,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

function whyNoAnalysis(): string | undefined {
  const { error, stdout } = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' })
  if (error !== undefined) return 'systemd-analyze is not installed'
  const version = Number(/^systemd (\d+)/.exec(stdout)?.[1])
  return version >= VERSION_MIN ? undefined : `systemd-analyze is older than ${VERSION_MIN}`
}

describe('the systemd units', () => {
  const why = whyNoAnalysis()
  beforeEach(({ skip }) => skip(why !== undefined, why))

  it.each([
    ['of the machine', [SYSTEM_UNIT]],
    ['of a user', ['--user', USER_UNIT]],
  ])('%s: systemd has nothing to say against it', (_, words) => {
    // The manual page is installed with the program.
    expect(analyze('verify', '--man=no', ...words)).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('of the machine: its exposure is at most 1.5 of 10', () => {
    const { status, stdout } = analyze('security', '--offline=true', '--threshold=15', SYSTEM_UNIT)
    expect(status, stdout).toBe(0)
  })
})
