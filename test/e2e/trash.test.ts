// `left trash`: what a peer deleted or replaced is listed, comes back on all machines, and is removed for good; with a peer that runs and
// with none.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { left } from './left.js'
import { type RecordedPeer, test, type World } from './world.js'

function put(peer: RecordedPeer, path: string, text = path): void {
  mkdirSync(join(peer.path(path), '..'), { recursive: true })
  writeFileSync(peer.path(path), text)
}

/** B has in its trash what A deleted, and a version that A replaced. */
async function afterDeletions(world: World): Promise<[RecordedPeer, RecordedPeer]> {
  const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
  for (const path of ['stays', 'notes.txt', 'docs/a', 'docs/deep/b', 'edited']) put(a, path)
  await world.start([a, b])
  await world.untilSame([a, b])
  put(a, 'edited', 'the second version')
  await world.until('B to have the version', () => readFileSync(b.path('edited'), 'utf8').startsWith('the'))
  for (const path of ['notes.txt', 'docs']) rmSync(a.path(path), { recursive: true })
  await world.until(
    'B to have removed it',
    () => !existsSync(b.path('docs')) && !existsSync(b.path('notes.txt')),
  )
  await world.untilSame([a, b])
  return [a, b]
}

async function listed(peer: RecordedPeer, ...words: string[]): Promise<string[]> {
  const { exitCode, stdout, stderr } = await left(peer.share, 'trash', 'list', '--json', ...words)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return (JSON.parse(stdout) as { things: { path: string }[] }).things.map(({ path }) => path).sort()
}

describe('left trash', () => {
  test('gives back what another peer deleted, to both', async ({ world }) => {
    const [a, b] = await afterDeletions(world)
    expect(await listed(b)).toEqual(['docs/a', 'docs/deep/b', 'edited', 'notes.txt'])
    expect(await listed(a)).toEqual([])
    expect(await left(b.share, 'trash', 'restore', 'notes.txt')).toEqual({
      exitCode: 0,
      stdout: 'restored notes.txt\n',
      stderr: '',
    })
    expect((await left(b.share, 'trash', 'restore', 'docs')).exitCode).toBe(0)
    await world.until('A to have it back', () =>
      ['notes.txt', 'docs/a', 'docs/deep/b'].every((path) => existsSync(a.path(path))),
    )
    await world.untilSame([a, b])
    expect(readFileSync(a.path('docs/deep/b'), 'utf8')).toBe('docs/deep/b')
    // From a folder of the share, and never over what stands there.
    const beside = await left(b.path('docs'), 'trash', 'restore', '../edited')
    expect(beside.exitCode).toBe(0)
    const [, as] =
      /^restored \.\.\/edited as \.\.\/(edited\.restored-[0-9-]+): something stands there by now\n$/.exec(
        beside.stdout,
      )!
    await world.until('A to have that too', () => existsSync(a.path(as!)))
    await world.untilSame([a, b])
    expect([readFileSync(a.path('edited'), 'utf8'), readFileSync(a.path(as!), 'utf8')]).toEqual([
      'the second version',
      'edited',
    ])
    expect(await left(b.share, 'trash', 'restore', 'nothing')).toMatchObject({ exitCode: 1 })
    expect(await listed(b)).toEqual([])
  })

  test('works where no peer runs, and what is restored then arrives when one does', async ({ world }) => {
    const [a, b] = await afterDeletions(world)
    await b.stop()
    expect(await listed(b, 'docs')).toEqual(['docs/a', 'docs/deep/b'])
    const { stdout } = await left('/', 'trash', 'list', '--share', b.share)
    expect(stdout).toContain(' docs/a\n')
    expect(stdout).toMatch(/\n4 things, 32 bytes\n$/)
    expect(await left(b.share, 'trash', 'restore', 'docs/a', '--at', '1h')).toMatchObject({ exitCode: 0 })
    expect(await left(b.share, 'trash', 'restore', 'docs/deep/b', '--at', '0s')).toMatchObject({
      exitCode: 1,
    })
    expect(await left(b.share, 'trash', 'empty', '--before', '1h')).toMatchObject({
      stdout: 'nothing was removed\n',
    })
    expect(JSON.parse((await left(b.share, 'trash', 'empty', '--json')).stdout)).toEqual({
      things: 3,
      bytes: 26,
    })
    b.start()
    await world.until('A to have it back', () => existsSync(a.path('docs/a')))
    await world.untilSame([a, b])
  })

  test('says what is wrong with exit code 2', async ({ world }) => {
    const [a] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    a.start()
    await world.until('A to run', () => a.of('scanned').length > 0)
    for (const words of [[], ['lst'], ['restore']])
      expect(await left(a.share, 'trash', ...words), words.join(' ')).toMatchObject({
        exitCode: 2,
        stdout: '',
      })
    expect(await left(a.share, 'trash', 'empty')).toMatchObject({ exitCode: 0 })
  })
})
