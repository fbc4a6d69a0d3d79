import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openShareFolder } from '../../src/app/share-folder.js'
import { temporaryFolder } from '../io/temporary-folder.js'

const REPLICA = 'left-peer aaaaaaaaaaaaaaaa\n'

/** A share whose state folder says this of its format. */
function shareOfFormat(text: string): { share: string; format: () => string } {
  const share = temporaryFolder()
  mkdirSync(join(share, '.left'))
  const file = join(share, '.left', 'format')
  writeFileSync(file, text)
  writeFileSync(join(share, '.left', 'replica'), REPLICA)
  return { share, format: () => readFileSync(file, 'utf8') }
}

test.each([
  ['the first format', '1\n'],
  ['the format of today', '2\n'],
  ['nothing, since power was lost as it was written', ''],
])('a state folder that says %s is opened, and an older left refuses it from then on', (_, text) => {
  const { share, format } = shareOfFormat(text)
  const opened = openShareFolder(share)
  expect(opened.peer).toBe('aaaaaaaaaaaaaaaa')
  expect(format()).toBe('2\n')
  opened.release()
})

test.each(['3\n', '0\n', 'two\n', '1.5\n', '22\n'])(
  'a state folder of format %j is refused and left as it is',
  (text) => {
    const { share, format } = shareOfFormat(text)
    expect(() => openShareFolder(share)).toThrow(expect.objectContaining({ code: 'state-newer' }))
    expect(format()).toBe(text)
  },
)
