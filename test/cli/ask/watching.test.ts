// `--watch`: how an answer is drawn over the one before, and when it ends.

import { expect, test } from 'vitest'
import { LeftError } from '../../../src/base/errors.js'
import { watch } from '../../../src/cli/ask/watching.js'

test('draws over the last answer, cut to the screen, until the peer does not answer', async () => {
  const written: string[] = []
  const answers = [
    ['a', 'b'],
    ['c'.repeat(30), 'd', 'e', 'f'],
  ]
  const watching = watch({
    ask: async () => {
      const lines = answers.shift()
      if (lines === undefined) throw new LeftError('not-running', 'gone')
      return lines
    },
    write: (text) => written.push(text),
    screen: () => ({ columns: 10, rows: 4 }),
    stopped: new Promise(() => {}),
  })
  await expect(watching).rejects.toThrow('gone')
  expect(written).toEqual(['\u001b[H\u001b[Ja\nb\n', '\u001b[H\u001b[Jccccc…cccc\nd\n… 2 more lines\n'])
})

test('ends after the answer in which a person asks to stop, and writes plain lines where there is no screen', async () => {
  const written: string[] = []
  await watch({
    ask: async () => ['a'],
    write: (text) => written.push(text),
    screen: () => undefined,
    stopped: Promise.resolve(),
  })
  expect(written.every((text) => text === 'a\n')).toBe(true)
  expect(written.length).toBeLessThan(3)
})
