import { describe, expect, test } from 'vitest'
import { planGet } from '../../src/visit/get-plan.js'
import { entryOf, fileEntry } from '../share/entries.js'

const targets = (arrivals: readonly { readonly target: string }[]) => arrivals.map(({ target }) => target)

describe('what is got', () => {
  test('arrives as a file, or as a folder with all that is in it', () => {
    const file = planGet([fileEntry('docs/a')], 'docs/a', 'b')
    expect(targets(file.files)).toEqual(['b'])
    const entries = [entryOf('folder', 'x/docs'), fileEntry('x/docs/a'), fileEntry('x/docs/inner/b')]
    const folder = planGet(entries, 'x/docs', 'docs')
    expect(targets(folder.folders)).toEqual(['docs', 'docs/inner'])
    expect(targets(folder.files)).toEqual(['docs/a', 'docs/inner/b'])
    expect(targets(planGet(entries, '', '').files)).toEqual(['x/docs/a', 'x/docs/inner/b'])
  })

  test('has no link that leads out of where it arrives', () => {
    const link = (path: string, target: string) => entryOf('link', path, { target })
    const { links, refused } = planGet(
      [link('d/in', 'a'), link('d/e/up', '../a'), link('d/out', '../../a'), link('d/root', '/etc/passwd')],
      'd',
      'd',
    )
    expect(targets(links)).toEqual(['d/in', 'd/e/up'])
    expect(targets(refused)).toEqual(['d/out', 'd/root'])
  })
})
