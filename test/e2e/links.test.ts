// Soft links between real peers: which travel as links, which are followed, and what becomes of them when they go.

import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect } from 'vitest'
import { type RecordedPeer, test, type World } from './world.js'

async function inStep(world: World, options: readonly string[] = []): Promise<[RecordedPeer, RecordedPeer]> {
  const [a, b] = (await world.group('AB', options)) as [RecordedPeer, RecordedPeer]
  write(a.path('stays'), 'stays')
  await world.start([a, b])
  return [a, b]
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

const kindAt = (path: string): string => {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 'nothing'
  return stats.isSymbolicLink() ? 'link' : stats.isDirectory() ? 'folder' : 'file'
}

describe('--links auto', () => {
  test('carries links that stay inside, dangling ones too, and what is behind the others', async ({
    world,
  }) => {
    const [a, b] = await inStep(world)
    write(world.path('outside/inside'), 'from elsewhere')
    write(a.path('folder/file'), 'content')
    symlinkSync('folder/file', a.path('to file'))
    symlinkSync('../stays', a.path('folder/up'))
    symlinkSync('folder', a.path('to folder'))
    symlinkSync('nowhere', a.path('to nothing'))
    symlinkSync(world.path('outside'), a.path('to outside'))
    symlinkSync(a.path('stays'), a.path('by its whole path'))
    await world.untilSame([a, b])
    const kinds = ['to file', 'folder/up', 'to folder', 'to nothing', 'to outside', 'by its whole path']
    await world.until('B to have all', () => kinds.every((path) => kindAt(b.path(path)) !== 'nothing'))
    expect(kinds.map((path) => kindAt(b.path(path)))).toEqual([
      'link',
      'link',
      'link',
      'link',
      'folder',
      'file',
    ])
    expect(readlinkSync(b.path('to nothing'))).toBe('nowhere')
    expect(readFileSync(b.path('to outside/inside'), 'utf8')).toBe('from elsewhere')
    expect([a, b].flatMap((peer) => peer.of('problem'))).toEqual([])
  })

  test('lets node_modules/.bin run on the other side', async ({ world }) => {
    const [a, b] = await inStep(world)
    write(a.path('node_modules/typescript/lib/tsc.js'), "module.exports = 'version 5'\n")
    const program = a.path('node_modules/typescript/bin/tsc')
    write(program, "#!/usr/bin/env node\nconsole.log(require('../lib/tsc.js'))\n")
    chmodSync(program, 0o755)
    mkdirSync(a.path('node_modules/.bin'))
    symlinkSync('../typescript/bin/tsc', a.path('node_modules/.bin/tsc'))
    await world.untilSame([a, b])
    expect(kindAt(b.path('node_modules/.bin/tsc'))).toBe('link')
    expect(execFileSync(b.path('node_modules/.bin/tsc'), { encoding: 'utf8' })).toBe('version 5\n')
  })

  test('tells an edit behind a followed link, and removes its place alone when it goes', async ({
    world,
  }) => {
    const [a, b] = await inStep(world)
    write(world.path('outside/folder/inside'), 'first')
    write(world.path('outside/file'), 'file')
    symlinkSync(world.path('outside/folder'), a.path('folder'))
    symlinkSync(world.path('outside/file'), a.path('file'))
    await world.untilSame([a, b])
    // The other machine keeps it as a folder, and what it writes cannot be written through the link.
    write(world.path('outside/folder/inside'), 'second')
    await world.untilSame([a, b])
    expect(readFileSync(b.path('folder/inside'), 'utf8')).toBe('second')
    rmSync(b.path('folder'), { recursive: true })
    rmSync(b.path('file'))
    await world.until('the places to be gone', () =>
      ['folder', 'file'].every((path) => kindAt(a.path(path)) === 'nothing'),
    )
    expect(readFileSync(world.path('outside/folder/inside'), 'utf8')).toBe('second')
    expect(readFileSync(world.path('outside/file'), 'utf8')).toBe('file')
    expect(readdirSync(world.path('outside')).sort()).toEqual(['file', 'folder'])
  })

  test('removes the copies at the others when a followed link is deleted, and a kept link as itself', async ({
    world,
  }) => {
    const [a, b] = await inStep(world)
    write(world.path('outside/inside'), 'content')
    symlinkSync(world.path('outside'), a.path('followed'))
    symlinkSync('stays', a.path('kept'))
    await world.untilSame([a, b])
    await world.until('B to have the link', () => kindAt(b.path('kept')) === 'link')
    rmSync(a.path('followed'))
    rmSync(a.path('kept'))
    await world.until('both to be gone', () =>
      ['followed', 'kept'].every((path) => kindAt(b.path(path)) === 'nothing'),
    )
    expect(readFileSync(world.path('outside/inside'), 'utf8')).toBe('content')
    expect(readFileSync(b.path('stays'), 'utf8')).toBe('stays')
  })

  test('never writes through a link: what a peer has below one is held where the folder is', async ({
    world,
  }) => {
    const [a, b] = await inStep(world)
    write(a.path('real/file'), 'first')
    await world.untilSame([a, b])
    renameSync(a.path('real'), a.path('moved'))
    symlinkSync('moved', a.path('real'))
    write(b.path('real/other'), 'from B')
    await world.until('both to have the same', () =>
      [a, b].every((peer) => existsSync(peer.path('moved/file')) && kindAt(peer.path('real')) !== 'nothing'),
    )
    await world.untilSame([a, b])
    const texts = [a, b].map((peer) => [kindAt(peer.path('real')), readdirSync(peer.path('moved')).sort()])
    expect(texts[0]).toEqual(texts[1])
  })
})
