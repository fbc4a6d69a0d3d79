// Asking a running peer from another process: what it tells, where it is found, and what is said where nobody runs.

import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { writeContent } from '../../harness/peers/content.js'
import { eventually, left, statusOf } from './left.js'
import { longTest, type RecordedPeer, test } from './world.js'

describe('left status', () => {
  test('tells from anywhere in the share how a peer is, before it is in step and after', async ({
    world,
  }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    mkdirSync(a.path('folder/deep'), { recursive: true })
    await writeContent(a.path('folder/large.bin'), 'large', 3_000_000)
    symlinkSync('/nowhere', a.path('dangling'))
    a.start()
    await world.until('A to have read its share', () => a.of('scanned').length > 0)
    await eventually(() => statusOf(a)).toMatchObject({
      isInStep: false,
      holds: { isRead: true, files: 1, folders: 2, skipped: { count: 1 } },
      peers: [{ address: b.address, peer: null, state: 'waiting' }],
      lastProblem: { event: 'problem', path: 'dangling' },
    })
    // It would take five minutes, and is cut short once it was seen.
    b.start(['--limit', '10K'])
    await eventually(async () => (await statusOf(b)).receiving.now).toMatchObject([
      { path: 'folder/large.bin', bytes: 3_000_000 },
    ])
    await b.stop()
    b.start()
    await world.untilSame([a, b])
    for (const peer of [a, b]) await eventually(async () => (await statusOf(peer)).isInStep).toBe(true)
    const { exitCode, stdout } = await left(a.path('folder/deep'), 'status')
    expect(exitCode).toBe(0)
    const json = await left(a.share, 'status', '--json')
    expect({ ...json, stdout: JSON.parse(json.stdout) }).toMatchObject({
      exitCode: 0,
      stdout: { isInStep: true, share: a.share },
      stderr: '',
    })
    for (const words of [a.share, `${b.address}  in step`, 'dangling: it is a link to nothing'])
      expect(stdout).toContain(words)
    await b.stop()
    await eventually(() => statusOf(a)).toMatchObject({ peers: [{ state: 'away', isInStep: true }] })
    writeFileSync(a.path('later'), 'later')
    await eventually(() => statusOf(a)).toMatchObject({ peers: [{ state: 'away', isInStep: false }] })
  })

  test('says with exit code 1 where no peer runs, and how to start one; with 2 where there is no share', async ({
    world,
  }) => {
    const [a] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    const { exitCode, stdout, stderr } = await left(a.share, 'status')
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toContain('is in no share')
    a.start()
    await world.until('A to run', () => a.of('scanned').length > 0)
    expect(existsSync(a.path('.left/control.sock'))).toBe(true)
    await a.stop()
    expect(existsSync(a.path('.left/control.sock'))).toBe(false)
    const stopped = await left(a.share, 'status', '--json')
    expect(stopped).toMatchObject({ exitCode: 1, stdout: '' })
    expect(stopped.stderr).toMatch(/^left: no left runs on [^\n]+; start one: left --ip [^\n]+\n$/)
    expect(await left(a.share, 'status', 'x')).toMatchObject({ exitCode: 2 })
    expect(await left('/', 'status', '--share', a.share)).toMatchObject({ exitCode: 1 })
  })

  longTest('is answered by the next peer where one was killed', async ({ world }) => {
    const [a] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    a.start()
    await world.until('A to run', () => a.of('scanned').length > 0)
    await a.kill('both')
    expect(existsSync(a.path('.left/control.sock'))).toBe(true)
    expect(await left(a.share, 'status')).toMatchObject({ exitCode: 1 })
    a.start()
    await world.until('A to run again', () => a.of('scanned').length > 0)
    expect((await statusOf(a)).share).toBe(a.share)
  })

  longTest(
    'is answered while the watcher process is gone, and a peer without a socket says so and goes on',
    async ({ world }) => {
      const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
      mkdirSync(a.path('.left/control.sock'), { recursive: true, mode: 0o700 })
      writeFileSync(a.path('file'), 'file')
      await world.start([a, b])
      expect(a.notes).toEqual([expect.stringContaining('no control socket can be made')])
      expect(await left(a.share, 'status')).toMatchObject({ exitCode: 1 })
      // Commands that change the share are refused while a peer without a socket runs on it.
      expect(await left(a.share, 'trash', 'list')).toMatchObject({ exitCode: 0 })
      expect(await left(a.share, 'trash', 'empty')).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('cannot be asked'),
      })
      expect(await statusOf(b)).toMatchObject({ share: b.share })
      await a.stop()
      rmSync(a.path('.left/control.sock'), { recursive: true })
    },
  )
})

/** Each answer is a process. */
const WHY_MS = 200

describe('left why, pause, resume, rescan, peers and log', () => {
  test('tell why a path is not the same, hold the exchange, and what happened', async ({ world }) => {
    const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    writeFileSync(a.path('shared.txt'), 'shared')
    mkdirSync(b.path('.left'), { mode: 0o700 })
    writeFileSync(b.path('.left/ignore'), '*.skip\n')
    await world.start([a, b])
    const why = async (peer: RecordedPeer, path: string) =>
      JSON.parse((await left(peer.share, 'why', path, '--json')).stdout)
    await eventually(() => why(a, 'shared.txt'), WHY_MS).toMatchObject({ isSame: true, reasons: [] })
    writeFileSync(a.path('a.skip'), 'skipped')
    await eventually(() => why(a, 'a.skip'), WHY_MS).toMatchObject({
      isSame: false,
      reasons: [{ code: 'ignored', address: b.address }],
    })
    expect((await why(b, 'a.skip')).reasons[0]).toMatchObject({
      code: 'ignored',
      address: null,
      detail: '.left/ignore, line 1: *.skip',
    })
    // A pause is heard by the other side, and lets nothing through.
    expect(await left(a.share, 'pause', 'nobody')).toMatchObject({ exitCode: 2 })
    expect(await left(a.share, 'pause', b.address)).toMatchObject({ exitCode: 0 })
    await eventually(() => statusOf(b)).toMatchObject({ peers: [{ state: 'paused', code: 'paused-there' }] })
    expect(await statusOf(a)).toMatchObject({ pause: { isAll: false, peers: [b.address] } })
    writeFileSync(a.path('late.txt'), 'late')
    await eventually(() => why(a, 'late.txt'), WHY_MS).toMatchObject({
      reasons: [{ code: 'paused-here', address: b.address }],
    })
    expect(existsSync(b.path('late.txt'))).toBe(false)
    const resumed = await left(a.share, 'resume')
    expect(resumed).toMatchObject({ exitCode: 0, stdout: 'nothing is paused\n' })
    await world.until('B to have it', () => existsSync(b.path('late.txt')))
    await eventually(() => why(b, 'late.txt'), WHY_MS).toMatchObject({ isSame: true })
    expect(await left(a.share, 'rescan')).toMatchObject({ exitCode: 0 })
    expect((await left(a.share, 'peers')).stdout).toContain(`${b.address}  in step`)
    for (const peer of [a, b]) await peer.stop()
    expect(await left(a.share, 'why', 'late.txt')).toMatchObject({ exitCode: 1 })
    const log = await left(a.share, 'log', '--since', '1h')
    expect(log).toMatchObject({ exitCode: 0, stderr: '' })
    for (const words of [`connected to ${b.address}`, 'changed here: late.txt', 'stopped'])
      expect(log.stdout).toContain(words)
  })
})
