// Edits that had not seen each other: what is kept, how it is listed, and how a person chooses.

import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import { left } from './left.js'
import { type RecordedPeer, test, type World } from './world.js'

function copiesOf(peer: RecordedPeer, stem: string): string[] {
  return readdirSync(peer.share).filter((name) => name.startsWith(`${stem}.conflict-`))
}

/** Both edited these files apart, B later. Both hold A's edits as copies. */
async function afterConflicts(world: World, names: readonly string[]): Promise<[RecordedPeer, RecordedPeer]> {
  const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
  for (const name of names) writeFileSync(a.path(name), 'before')
  await world.start([a, b])
  await world.untilSame([a, b])
  await b.stop()
  for (const name of names) writeFileSync(a.path(name), `A's ${name}`)
  await sleep(20)
  for (const name of names) writeFileSync(b.path(name), `B's ${name}`)
  b.start()
  await world.until('the copies to be kept', () =>
    [a, b].every(
      (peer) => readdirSync(peer.share).filter((name) => name.includes('.conflict-')).length === names.length,
    ),
  )
  await world.untilSame([a, b])
  return [a, b]
}

describe('left conflicts', () => {
  test('lists both sides, and what is kept is kept on both machines', async ({ world }) => {
    const [a, b] = await afterConflicts(world, ['one.txt', 'two.txt', 'three.txt'])
    const listed = await left(b.share, 'conflicts', '--json')
    expect(JSON.parse(listed.stdout)).toMatchObject({
      count: 3,
      first: [{ this: { bytes: 11 }, others: { count: 1 } }, {}, {}],
    })
    const [one] = copiesOf(b, 'one')
    const { stdout } = await left(a.share, 'conflicts', 'one.txt')
    expect(stdout).toMatch(
      /^one\.txt\n {2}this .* 11 bytes {2}one\.txt {2}\(by peer [0-9a-f]{16}\)\n {2}other .* one\.conflict-/,
    )
    expect(await left(a.share, 'conflicts', 'keep', 'one.txt', 'other')).toEqual({
      exitCode: 0,
      stdout: `${one} is one.txt now\n`,
      stderr: '',
    })
    expect(await left(b.share, 'conflicts', 'keep', copiesOf(b, 'two')[0]!, 'this')).toMatchObject({
      exitCode: 0,
    })
    expect(await left(b.share, 'conflicts', 'keep', 'three.txt', 'both')).toMatchObject({ exitCode: 0 })
    await world.until('the copies to be gone', () =>
      [a, b].every((peer) => readdirSync(peer.share).every((name) => !name.includes('.conflict-'))),
    )
    await world.untilSame([a, b])
    expect(readFileSync(b.path('one.txt'), 'utf8')).toBe("A's one.txt")
    expect(readFileSync(a.path('two.txt'), 'utf8')).toBe("B's two.txt")
    expect(readFileSync(a.path('three.txt'), 'utf8')).toBe("B's three.txt")
    const own = readdirSync(a.share).find((name) => name.startsWith('three.kept-'))
    expect(readFileSync(a.path(own!), 'utf8')).toBe("A's three.txt")
    await expect
      .poll(async () => (await left(b.share, 'conflicts')).stdout)
      .toBe('no conflict copies are kept\n')
    // What was not kept is in the trash where the choice was made.
    expect((await left(b.share, 'trash', 'list')).stdout).toContain('two.conflict-')
    expect((await left(a.share, 'trash', 'list', 'one.txt')).stdout).toContain('one.txt')
  })

  test('says what is wrong', async ({ world }) => {
    const [a] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
    a.start()
    await world.until('A to run', () => a.of('scanned').length > 0)
    expect(await left(a.share, 'conflicts', 'keep', 'a')).toMatchObject({ exitCode: 2, stdout: '' })
    expect(await left(a.share, 'conflicts', 'keep', 'a', 'this')).toMatchObject({ exitCode: 1 })
    await a.stop()
    expect(await left(a.share, 'conflicts')).toMatchObject({ exitCode: 1 })
  })
})

test('a log that one side writes and the other edits: one copy at most', async ({ world }) => {
  const [a, b] = (await world.group('AB')) as [RecordedPeer, RecordedPeer]
  writeFileSync(a.path('app.log'), 'begin\n')
  await world.start([a, b])
  await world.untilSame([a, b])
  const lines: string[] = []
  for (let line = 0; line < 150; line++) {
    lines.push(`line ${line}`)
    appendFileSync(a.path('app.log'), `line ${line}\n`)
    if (line === 75) writeFileSync(b.path('app.log'), `${readFileSync(b.path('app.log'), 'utf8')}edited\n`)
    await sleep(30)
  }
  await world.until('both to have it all', () =>
    [a, b].every(
      (peer) =>
        existsSync(peer.path('app.log')) && readFileSync(peer.path('app.log'), 'utf8').includes('line 149'),
    ),
  )
  await world.untilSame([a, b])
  expect(copiesOf(a, 'app').length).toBeLessThanOrEqual(1)
  const everything = ['app.log', ...copiesOf(b, 'app')]
    .map((name) => readFileSync(b.path(name), 'utf8'))
    .join('')
  for (const line of [...lines, 'edited']) expect(everything).toContain(`${line}\n`)
})
