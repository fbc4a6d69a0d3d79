// Restarts of a watcher process that ends: a stand-in for Node plays the process, timers and the clock are the test's.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  WATCHER_RESTART_MS,
  WATCHER_RESTART_MS_MAX,
  WATCHER_STARTS_MAX,
  WATCHER_STEADY_MS,
} from '../../src/app/limits.js'
import { WatcherProcess } from '../../src/app/watcher-process.js'

const { execPath } = process
let folder: string

/** Says that it is ready and stays, or ends without a word, by itself or killed. */
const STAND_IN = `
if (process.env.LEFT_TEST_WATCHER === 'silent') process.exit(7)
if (process.env.LEFT_TEST_WATCHER === 'killed') process.kill(process.pid, 'SIGKILL')
let expected
process.on('message', ({ type, step, expects }) => {
  if (type === 'stop') process.exit(0)
  if (type === 'rsa' && step.type === 'sign') process.send({ type: 'rsa-done', id: step.id, result: step.text })
  if (type === 'identity' && expects === undefined) process.send({ type: 'identity', identity: { fingerprint: 'of it' } })
  if (type === 'identity') expected = expects
  if (type === 'rsa' && step.type === 'decrypt' && expected !== undefined)
    process.send({ type: 'rsa-done', id: step.id, result: Uint8Array.of(expected.length) })
})
process.send({ type: 'ready' })
`

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'left-watcher-'))
  const program = join(folder, 'node')
  writeFileSync(program, `#!${execPath}\n${STAND_IN}`)
  chmodSync(program, 0o755)
  process.execPath = program
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})

afterEach(() => {
  vi.useRealTimers()
  process.execPath = execPath
  delete process.env.LEFT_TEST_WATCHER
  rmSync(folder, { recursive: true })
})

type Happening =
  | { readonly type: 'ready' }
  | { readonly type: 'lost' | 'fatal' | 'step' | 'identity'; readonly words: string }

/** A supervised process; what happens to it is awaited in order. */
class Supervised {
  private readonly happened: Happening[] = []
  private wake: () => void = () => {}
  readonly process = new WatcherProcess({
    v8Options: [],
    onReady: () => this.handle({ type: 'ready' }),
    onMessages: () => {},
    onStep: (id, result) =>
      this.handle({ type: 'step', words: `${id} ${result === undefined ? 'lost' : result.join()}` }),
    onLost: (words) => this.handle({ type: 'lost', words }),
    onFatal: ({ message }) => this.handle({ type: 'fatal', words: message }),
    onWords: () => {},
  })

  private handle(happening: Happening): void {
    this.happened.push(happening)
    this.wake()
  }

  async next(): Promise<Happening> {
    while (this.happened.length === 0)
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    return this.happened.shift()!
  }

  /** Ends it `livedMs` after it was ready; answers what follows. */
  async dies(livedMs = 0): Promise<Happening['type']> {
    vi.advanceTimersByTime(livedMs)
    process.kill(this.process.pid!, 'SIGKILL')
    return (await this.next()).type
  }

  /** The next one is started after exactly this long. */
  isStartedAfter(waitMs: number): void {
    vi.advanceTimersByTime(waitMs - 1)
    expect(this.process.pid).toBeUndefined()
    vi.advanceTimersByTime(1)
    expect(this.process.pid).toBeDefined()
  }
}

describe('a watcher process', () => {
  it('that dies young again and again is started after a wait that doubles, until that has reached its maximum', async () => {
    const supervised = new Supervised()
    for (let waitMs = WATCHER_RESTART_MS; waitMs < WATCHER_RESTART_MS_MAX; waitMs *= 2) {
      expect(await supervised.next()).toEqual({ type: 'ready' })
      expect(await supervised.dies()).toBe('lost')
      supervised.isStartedAfter(waitMs)
    }
    expect(await supervised.next()).toEqual({ type: 'ready' })
    process.kill(supervised.process.pid!, 'SIGKILL')
    expect(await supervised.next()).toMatchObject({
      type: 'fatal',
      words: expect.stringMatching(/^the watcher process keeps ending \(SIGKILL\)/),
    })
    vi.advanceTimersByTime(10 * WATCHER_RESTART_MS_MAX)
    expect(supervised.process.pid).toBeUndefined()
  })

  it.each([
    [WATCHER_STEADY_MS, 2 * WATCHER_RESTART_MS],
    [WATCHER_STEADY_MS + 1, WATCHER_RESTART_MS],
  ])(
    'that has lived for %i ms is started after %i ms where one before it died young',
    async (livedMs, waitMs) => {
      const supervised = new Supervised()
      await supervised.next()
      await supervised.dies()
      supervised.isStartedAfter(WATCHER_RESTART_MS)
      await supervised.next()
      expect(await supervised.dies(livedMs)).toBe('lost')
      supervised.isStartedAfter(waitMs)
      await supervised.next()
      await supervised.process.stop()
    },
  )

  it('that ends without a word is not started again where none has ever spoken', async () => {
    process.env.LEFT_TEST_WATCHER = 'silent'
    const supervised = new Supervised()
    expect(await supervised.next()).toMatchObject({
      type: 'fatal',
      words: expect.stringMatching(/^the watcher process cannot start \(exit code 7\)/),
    })
  })

  it(`that ends without a word is started again after one that spoke, but not ${WATCHER_STARTS_MAX} times in a row`, async () => {
    const supervised = new Supervised()
    await supervised.next()
    process.env.LEFT_TEST_WATCHER = 'silent'
    await supervised.dies()
    let waitMs = WATCHER_RESTART_MS
    for (let silent = 1; silent < WATCHER_STARTS_MAX; silent++) {
      supervised.isStartedAfter(waitMs)
      expect(await supervised.next()).toEqual({ type: 'lost', words: 'exit code 7' })
      waitMs *= 2
    }
    supervised.isStartedAfter(waitMs)
    expect(await supervised.next()).toMatchObject({
      type: 'fatal',
      words: expect.stringContaining('cannot start'),
    })
  })

  it('that is killed before it has spoken is started again, even the first one', async () => {
    process.env.LEFT_TEST_WATCHER = 'killed'
    const supervised = new Supervised()
    expect(await supervised.next()).toEqual({ type: 'lost', words: 'SIGKILL' })
    delete process.env.LEFT_TEST_WATCHER
    supervised.isStartedAfter(WATCHER_RESTART_MS)
    expect(await supervised.next()).toEqual({ type: 'ready' })
    await supervised.process.stop()
  })

  it(`that is killed before it has spoken is not started more than ${WATCHER_STARTS_MAX} times`, async () => {
    process.env.LEFT_TEST_WATCHER = 'killed'
    const supervised = new Supervised()
    let waitMs = WATCHER_RESTART_MS
    for (let killed = 1; killed < WATCHER_STARTS_MAX; killed++) {
      expect(await supervised.next()).toEqual({ type: 'lost', words: 'SIGKILL' })
      supervised.isStartedAfter(waitMs)
      waitMs *= 2
    }
    expect(await supervised.next()).toMatchObject({
      type: 'fatal',
      words: expect.stringMatching(/^the watcher process cannot start \(SIGKILL\)/),
    })
  })

  it('is not started again once it was stopped', async () => {
    const supervised = new Supervised()
    await supervised.next()
    await supervised.dies()
    await supervised.process.stop()
    vi.advanceTimersByTime(10 * WATCHER_RESTART_MS_MAX)
    expect(supervised.process.pid).toBeUndefined()
  })
})

describe('RSA in a watcher process', () => {
  const text = Uint8Array.of(1, 2)

  it('is carried out there, and what waits when it dies is answered as failed', async () => {
    const supervised = new Supervised()
    await supervised.next()
    supervised.process.carryOut({ id: 1, type: 'sign', text })
    expect(await supervised.next()).toEqual({ type: 'step', words: '1 1,2' })
    supervised.process.carryOut({ id: 2, type: 'decrypt', sealed: text })
    process.kill(supervised.process.pid!, 'SIGKILL')
    expect(await supervised.next()).toEqual({ type: 'step', words: '2 lost' })
    expect(await supervised.next()).toMatchObject({ type: 'lost' })
    // There is no process now.
    supervised.process.carryOut({ id: 3, type: 'sign', text })
    expect(await supervised.next()).toEqual({ type: 'step', words: '3 lost' })
    supervised.isStartedAfter(WATCHER_RESTART_MS)
    expect(await supervised.next()).toEqual({ type: 'ready' })
    await supervised.process.stop()
  })

  it('has the same identity in the next process, which is not to make another', async () => {
    const supervised = new Supervised()
    await supervised.next()
    const identity = await supervised.process.openIdentity({ file: '/key', passphrase: undefined }, () => {})
    expect(identity).toEqual({ fingerprint: 'of it' })
    process.kill(supervised.process.pid!, 'SIGKILL')
    await supervised.next()
    supervised.process.carryOut({ id: 7, type: 'decrypt', sealed: text })
    await supervised.next()
    supervised.isStartedAfter(WATCHER_RESTART_MS)
    expect(await supervised.next()).toEqual({ type: 'ready' })
    supervised.process.carryOut({ id: 7, type: 'decrypt', sealed: text })
    expect(await supervised.next()).toEqual({ type: 'step', words: '7 5' })
    await supervised.process.stop()
  })
})
