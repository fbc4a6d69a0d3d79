import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonView } from '../../src/cli/json-view.js'
import { BACKLOG_BYTES_MAX } from '../../src/cli/limits.js'
import { Output } from '../../src/cli/output.js'
import { Capture, HandClock, ONE_OF_EACH } from './capture.js'

function json({ verbose = true } = {}) {
  const capture = new Capture()
  const output = new Output(capture, () => {})
  return { capture, output, view: new JsonView(output, new HandClock(), verbose) }
}

describe('the JSON view', () => {
  it('prints every event as it is, one a line, with its time', () => {
    const { capture, view } = json()
    for (const event of Object.values(ONE_OF_EACH)) view.show(event)
    expect(capture.lines.map((line) => JSON.parse(line))).toEqual(
      Object.values(ONE_OF_EACH).map((event) => ({ time: '2024-01-02T03:04:05.000Z', ...event })),
    )
  })

  it('keeps debug messages for --verbose', () => {
    const { capture, view } = json({ verbose: false })
    view.show(ONE_OF_EACH.debug)
    expect(capture.text).toBe('')
  })

  it('carries any name, and none of it raw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (path) => {
        const { capture, view } = json()
        view.show({ ...ONE_OF_EACH.problem, path })
        expect(capture.lines).toHaveLength(1)
        expect(JSON.parse(capture.text).path).toBe(path)
        expect(capture.lines[0]).not.toMatch(/[\p{Cc}\u202a-\u202e\u2028]/u)
      }),
    )
  })

  it('tells a reader that was too slow how much it missed', async () => {
    const { capture, output, view } = json()
    capture.stuck = true
    view.show({ event: 'note', message: 'x'.repeat(BACKLOG_BYTES_MAX) })
    view.show(ONE_OF_EACH.received)
    view.show(ONE_OF_EACH.received)
    capture.release()
    await output.flush()
    view.show(ONE_OF_EACH.stopped)
    const events = capture.lines.slice(1).map((line) => JSON.parse(line))
    expect(events.map(({ event }) => event)).toEqual(['note', 'stopped'])
    expect(events[0].message).toContain('2 events were left out')
  })
})
