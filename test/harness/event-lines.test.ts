import { describe, expect, it } from 'vitest'
import { EventLines } from '../../harness/peers/event-lines.js'

const WHOLE = '{"time":"2026-11-30T03:37:11.178Z","event":"stopped"}'

describe('the output of a process that may be killed while it writes', () => {
  it('has an unfinished last line, which is no event', () => {
    const lines = new EventLines()
    expect(lines.read(WHOLE)).toMatchObject({ event: 'stopped' })
    expect(lines.read(WHOLE.slice(0, 20))).toBeUndefined()
  })

  it('has no line behind one that is no JSON', () => {
    const lines = new EventLines()
    lines.read(WHOLE.slice(0, 20))
    expect(() => lines.read(WHOLE)).toThrow('no JSON')
  })
})
