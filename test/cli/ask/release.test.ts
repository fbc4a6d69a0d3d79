import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { confirmCommand, undoCommand } from '../../../src/cli/ask/release.js'
import { ShareView } from '../../../src/control/share-view.js'

const VIEW = new ShareView(tmpdir(), tmpdir())
const NOTHING = { own: 0, received: 0, local: 0, away: 0, staying: 0 }

test.each([confirmCommand, undoCommand])('left $name says what became of what no peer knows', ({ lines }) => {
  expect(lines(NOTHING, VIEW)).toEqual(['nothing is held'])
  // As an older peer answers.
  expect(lines({ own: 0, received: 0 }, VIEW)).toEqual(['nothing is held'])
  expect(lines({ ...NOTHING, away: 3 }, VIEW)).toEqual([expect.stringMatching(/^3 known to no peer/)])
  expect(lines({ ...NOTHING, staying: 2 }, VIEW)).toEqual([expect.stringMatching(/^2 held since .* stay so/)])
})
