import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { ShareView } from '../../src/control/share-view.js'
import { temporaryFolder } from '../io/temporary-folder.js'

let root: string
let share: string
let linked: string

beforeEach(() => {
  root = temporaryFolder()
  share = join(root, 'share')
  linked = join(root, 'linked')
  mkdirSync(join(share, 'docs/deep'), { recursive: true })
  symlinkSync(share, linked)
})

test('a path is meant and shown from the current folder where that is in the share', () => {
  for (const named of [share, linked]) {
    const view = new ShareView(named, join(share, 'docs'))
    expect(['a', '.', '..', '../x/y', 'deep/', `${named}/docs/a`].map((word) => view.pathOf(word))).toEqual([
      'docs/a',
      'docs',
      '',
      'x/y',
      'docs/deep',
      'docs/a',
    ])
    for (const path of ['docs/a', 'docs', '', 'x/y']) expect(view.pathOf(view.nameOf(path))).toBe(path)
    expect(view.nameOf('docs/..a')).toBe('..a')
  }
})

test('and from the share where it is not', () => {
  const view = new ShareView(share, root)
  expect([view.pathOf('a'), view.pathOf('.'), view.nameOf('docs/a')]).toEqual(['a', '', 'docs/a'])
})

test('what is not in the share is refused', () => {
  const view = new ShareView(share, join(share, 'docs'))
  for (const word of ['../..', '../../other', '/', '/etc/passwd', `${share}2/a`])
    expect(() => view.pathOf(word), word).toThrow(expect.objectContaining({ code: 'usage' }))
})
