import { afterEach, describe, expect, it } from 'vitest'
import { LEAN_HEAP } from '../../src/app/limits.js'
import { WatcherProcess } from '../../src/app/watcher-process.js'
import type { LeftError } from '../../src/base/errors.js'

const { execPath } = process
afterEach(() => {
  process.execPath = execPath
})

describe('the watcher process', () => {
  it('is started with an option that this Node documents: V8 ends the process for one that it does not know', () => {
    expect(process.allowedNodeEnvironmentFlags.has(LEAN_HEAP.split('=')[0]!)).toBe(true)
  })

  it('that the system does not start ends the peer with the reason', async () => {
    // As after an upgrade that removed the Node that runs.
    process.execPath = '/nowhere/node'
    const lost: string[] = []
    const error = await new Promise<LeftError>((resolve) => {
      new WatcherProcess({
        v8Options: [],
        onReady: () => {},
        onMessages: () => {},
        onStep: () => {},
        onLost: (exit) => lost.push(exit),
        onFatal: resolve,
        onWords: () => {},
      })
    })
    expect(error.code).toBe('watcher-failed')
    expect(error.message).toContain('ENOENT')
    expect(lost).toEqual([])
  })
})
