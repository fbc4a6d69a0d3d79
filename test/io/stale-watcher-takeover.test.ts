import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bundled } from '../../harness/bundled.js'
import { takeOverFromStaleWatcher } from '../../src/io/stale-watcher-takeover.js'
import { temporaryFolder } from './temporary-folder.js'

const PREDECESSOR = bundled(fileURLToPath(new URL('predecessor.ts', import.meta.url)))

async function predecessor(folder: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [PREDECESSOR, folder], { stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout!, 'data')
  return child
}

// Where the system does not tell when a process started, its number may be another one's by now.
describe.runIf(process.platform === 'linux')('the watcher process of an earlier run', () => {
  it('is gone before the next one takes its place, even one that was stopped', async () => {
    const folder = temporaryFolder()
    const child = await predecessor(folder)
    child.kill('SIGSTOP')
    const ended = once(child, 'exit')
    takeOverFromStaleWatcher(folder)
    expect(await ended).toEqual([null, 'SIGKILL'])
  })

  it('is left alone where another process has its number by now', async () => {
    const folder = temporaryFolder()
    const child = await predecessor(folder)
    const file = join(folder, 'watcher')
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), started: '1' }))
    takeOverFromStaleWatcher(folder)
    expect(child.exitCode ?? child.signalCode).toBeNull()
    expect(child.kill(0)).toBe(true)
  })

  it('may be this very process, which tries again to open the share', () => {
    const folder = temporaryFolder()
    takeOverFromStaleWatcher(folder)
    const leave = takeOverFromStaleWatcher(folder)
    leave()
    expect(existsSync(join(folder, 'watcher'))).toBe(false)
  })

  it('does not take the place of its successor along when it leaves late', () => {
    const folder = temporaryFolder()
    const leaveLate = takeOverFromStaleWatcher(folder)
    takeOverFromStaleWatcher(folder)
    leaveLate()
    expect(existsSync(join(folder, 'watcher'))).toBe(true)
  })

  it('is nobody where its name was lost with the power', () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'watcher'), '')
    takeOverFromStaleWatcher(folder)()
  })
})
