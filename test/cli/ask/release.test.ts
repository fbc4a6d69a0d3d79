import { expect, test } from 'vitest'
import { confirmCommand, undoCommand } from '../../../src/cli/ask/release.js'

const NOTHING = { own: 0, received: 0, local: 0, away: 0, staying: 0 }

test.each([confirmCommand, undoCommand])('left $name says what became of what no peer knows', ({ lines }) => {
  expect(lines(NOTHING, {})).toEqual(['nothing is held'])
  // As an older peer answers.
  expect(lines({ own: 0, received: 0 }, {})).toEqual(['nothing is held'])
  expect(lines({ ...NOTHING, away: 3 }, {})).toEqual([expect.stringMatching(/^3 known to no peer/)])
  expect(lines({ ...NOTHING, staying: 2 }, {})).toEqual([expect.stringMatching(/^2 held since .* stay so/)])
})
