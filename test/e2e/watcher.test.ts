// A peer whose watcher process does not run says why on the screen and ends, and nobody connects to it meanwhile.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { describe, expect } from 'vitest'
import { type Ended, runLeft } from '../../harness/processes.js'
import { type RecordedPeer, test, type World } from './world.js'

const REASON = 'a library of the watcher process does not load'

/** A peer of the real program whose watcher processes end before their first line runs, while the file `breaks` is in the
 *  world: Node runs a file of ours before it. */
function runBreakable(
  world: World,
  peer: RecordedPeer,
  other: RecordedPeer,
  words: readonly string[] = [],
): Promise<Ended> {
  const preload = world.path('preload.mjs')
  writeFileSync(
    preload,
    `import { existsSync } from 'node:fs'
     const isWatcher = process.argv[1]?.endsWith('/watcher/main.js')
     if (isWatcher && existsSync(${JSON.stringify(world.path('breaks'))})) throw new Error('${REASON}')`,
  )
  const [host, port] = peer.address.split(':')
  const at = ['--bind', host!, '--port', port!]
  return runLeft(['--json', '--ip', other.address, '--share', peer.share, ...at, ...words], {
    env: {
      ...process.env,
      XDG_CONFIG_HOME: world.config,
      XDG_STATE_HOME: world.path('state'),
      NODE_OPTIONS: `--import ${pathToFileURL(preload)}`,
    },
    timeoutMs: 40_000,
  })
}

describe('a watcher process that cannot run', () => {
  test('at the start: the peer refuses with the reason, and the other one never connects', async ({
    world,
  }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    writeFileSync(world.path('breaks'), '')
    a.start()
    await world.until('A to run', () => a.of('scanned').length === 1)
    const ended = await runBreakable(world, b, a)
    expect(ended.stderr).toMatch(/^left: the watcher process cannot start [^\n]+\n$/)
    expect(ended.stderr).toContain(REASON)
    expect(ended.exitCode).toBe(2)
    expect(ended.stdout).not.toContain('"connected"')
    expect(a.of('connected')).toEqual([])
    rmSync(world.path('breaks'))
    b.start()
    await world.until('A to meet B once it runs', () => a.of('connected').length === 1)
  })

  test('after it was lost: the peer ends with the reason, and the other one is told', async ({ world }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    a.start()
    const ended = runBreakable(world, b, a, ['--verbose'])
    await world.until('A to be in step with B', () => a.inStep.size === 1)
    writeFileSync(world.path('breaks'), '')
    const { pid } = JSON.parse(readFileSync(b.path('.left/watcher'), 'utf8')) as { pid: number }
    process.kill(pid, 'SIGKILL')
    const { exitCode, stderr, stdout } = await ended
    expect(stdout).toContain(`"the watcher process wrote: Error: ${REASON}"`)
    expect(stdout.trimEnd().split('\n').at(-1)).toContain('"stopped"')
    expect(stderr).toMatch(/^left: the watcher process [^\n]+\n$/)
    expect(stderr).toContain(REASON)
    expect(exitCode).toBe(1)
    await world.until('A to see that B is gone', () => a.of('disconnected').length === 1)
  })
})
