import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { PeerEvent } from '../../src/app/events.js'
import { FILE_BARS_MAX } from '../../src/cli/limits.js'
import { columnsOf } from '../../src/cli/names.js'
import { chooseView } from '../../src/cli/open-view.js'
import { Output } from '../../src/cli/output.js'
import { BAR_COLUMNS, type RowCells, rowLayout, rowText } from '../../src/cli/rows.js'
import { TerminalView } from '../../src/cli/terminal-view.js'
import { ADDRESS, arrival, Capture, HandClock, ONE_OF_EACH, PEER } from './capture.js'
import { Screen } from './screen.js'

function terminal(columns = 100, options: { isForeground?: () => boolean; reflows?: boolean } = {}) {
  const { isForeground = () => true, reflows = true } = options
  const screen = new Screen(columns)
  const clock = new HandClock()
  const view = new TerminalView(new Output(screen, () => {}), clock, {
    verbose: false,
    isForeground,
    reflows,
  })
  onTestFinished(() => view.close())
  return {
    screen,
    view,
    /** The screen after these events and one drawing. */
    shownAfter: (...events: PeerEvent[]) => {
      for (const event of events) view.show(event)
      clock.nowMs += 200
      view.tick()
      return screen.lines
    },
  }
}

function fetching(path: string, bytes = 10_000_000): PeerEvent {
  return { event: 'fetching', path, bytes, resumedBytes: 0, reusedBytes: 0, peer: PEER }
}

function progress(path: string, doneBytes: number, bytes = 10_000_000): PeerEvent {
  return { event: 'progress', path, bytes, doneBytes, bytesPerS: 2_000_000, etaMs: 3_000 }
}

describe('the terminal view', () => {
  it('draws a bar for everything and one for each file in flight', () => {
    const { shownAfter, screen } = terminal()
    const lines = shownAfter(
      ONE_OF_EACH.totals,
      { ...ONE_OF_EACH.fetching, reusedBytes: 0 },
      ONE_OF_EACH.progress,
      { ...fetching('docs/plan.pdf'), reusedBytes: 9_800_000 } as PeerEvent,
    )
    expect(lines).toEqual([
      '1,204 of 78,500 files   [====            ]   23%   1.3 GB    31 MB/s      0:32',
      'big.iso                 [========        ]   50%   618 MB  12.1 MB/s      0:26  resumed from 43%',
      'docs/plan.pdf           [================]   98%    10 MB      0 B/s     --:--  reused 98%',
    ])
    expect(screen.cursorVisible).toBe(false)
  })

  it('draws to whom is being sent, and how far, until that is over', () => {
    const { shownAfter, screen } = terminal(80)
    expect(shownAfter(ONE_OF_EACH.sending)).toEqual([
      'to 192.168.56.119        [========        ]   50%   618 MB    31 MB/s      0:10',
    ])
    expect(shownAfter({ ...ONE_OF_EACH.sending, file: null })).toEqual([
      'to 192.168.56.119        [                ]         341 MB    31 MB/s',
    ])
    screen.resize(100)
    expect(shownAfter(ONE_OF_EACH.sending)[0]).toMatch(/^to 192\.168\.56\.119: big\.iso +\[/)
    expect(shownAfter(ONE_OF_EACH.sent)).toEqual([`sent 3 files to ${ADDRESS} (650 MB in 21 s, 31 MB/s)`])
  })

  it('draws how far reading is, until that is over', () => {
    const { shownAfter } = terminal(80)
    expect(shownAfter(ONE_OF_EACH.reading)).toEqual([
      'reading big.iso         [========        ]   50%   618 MB   450 MB/s      0:01',
    ])
    expect(shownAfter({ ...ONE_OF_EACH.reading, file: null })).toEqual([
      'reading 12,040 files    [                ]         2.1 GB   450 MB/s',
    ])
    expect(shownAfter({ ...ONE_OF_EACH.reading, isOver: true })).toEqual([])
  })

  it('has room for 10,000 files in flight and 50 peers in 80 columns and 24 rows', () => {
    const { shownAfter, screen } = terminal(80)
    const lines = shownAfter(
      ONE_OF_EACH.totals,
      ...Array.from({ length: 10_000 }, (_, index) => fetching(`folder/photo ${index}.jpg`)),
      ...Array.from({ length: 50 }, (_, index) => ({ ...ONE_OF_EACH.sending, peer: `${index}` }) as const),
    )
    expect(lines).toHaveLength(1 + FILE_BARS_MAX)
    expect(lines[0]).toContain('1,204 of 78,500 files')
    expect(lines.at(-1)).toMatch(/^to 192/)
    expect(lines.at(-3)).toMatch(/^folder/)
    for (const line of lines) expect(columnsOf(line)).toBeLessThan(80)
    expect(screen.wraps).toBe(false)
  })

  it('writes what happens above the bars and keeps them whole', () => {
    const { shownAfter } = terminal()
    shownAfter(ONE_OF_EACH.connected, fetching('a'), fetching('b'))
    shownAfter(ONE_OF_EACH.conflict)
    const lines = shownAfter(progress('a', 5_000_000), ONE_OF_EACH.note, {
      ...ONE_OF_EACH.note,
      message: 'x'.repeat(150),
    })
    expect(lines.slice(0, 5)).toEqual([
      `connected to ${ADDRESS} (peer ${PEER})`,
      'conflict: plan.txt was changed on two machines; the older version is kept as plan.conflict-b2b2.txt',
      'note: 192.168.56.118 is this machine; ignored',
      `note: ${'x'.repeat(94)}`,
      'x'.repeat(56),
    ])
    expect(lines.slice(5)).toEqual([
      expect.stringMatching(/^a +\[={8} {8}\] +50% /),
      expect.stringMatching(/^b +\[ {16}\] +0% /),
    ])
  })

  it('takes a bar away when its file has arrived, and leaves nothing behind', () => {
    const { shownAfter, screen } = terminal()
    shownAfter(fetching('a'), fetching('b'), fetching('c'))
    const lines = shownAfter(
      { ...ONE_OF_EACH.received, path: 'b' },
      { event: 'abandoned', path: 'a', reason: 'gone' },
    )
    expect(lines).toEqual([
      expect.stringMatching(/^received b from /),
      'stopped fetching a: gone; it will be tried again',
      expect.stringMatching(/^c +\[/),
    ])
    expect(shownAfter({ ...ONE_OF_EACH.received, path: 'c' }, ONE_OF_EACH['in-step'])).toEqual([
      ...lines.slice(0, 2),
      expect.stringMatching(/^received c from /),
      `in step with ${ADDRESS} (78,500 files)`,
    ])
    expect(screen.cursorVisible).toBe(true)
    expect(screen.wraps).toBe(true)
  })

  it('draws the first few files in flight and counts the others', () => {
    const { shownAfter } = terminal()
    const paths = Array.from({ length: FILE_BARS_MAX + 3 }, (_, index) => `file-${index}`)
    const lines = shownAfter(ONE_OF_EACH.totals, ...paths.map((path) => fetching(path)))
    expect(lines).toHaveLength(1 + FILE_BARS_MAX)
    expect(lines[0]).toContain('+3 more')
    const next = shownAfter({ ...ONE_OF_EACH.received, path: 'file-0' })
    expect(next[1]).toContain('+2 more')
    expect(next.at(-1)).toContain(`file-${FILE_BARS_MAX}`)
  })

  it('draws no more than a low terminal can hold', () => {
    const { shownAfter, screen } = terminal()
    screen.rows = 5
    expect(shownAfter(...['a', 'b', 'c', 'd'].map((path) => fetching(path)))).toHaveLength(2)
  })

  it('draws nothing for files that come and go between two drawings', () => {
    const { shownAfter, screen } = terminal()
    const lines = shownAfter(fetching('quick', 100_000), arrival('quick', 100_000))
    expect(lines).toEqual([expect.stringMatching(/^received quick from /)])
    expect(screen.raw).not.toContain('\x1b')
  })

  it('takes the overall bar away when everything is there', () => {
    const { shownAfter } = terminal()
    expect(shownAfter(ONE_OF_EACH.totals)).toHaveLength(1)
    const { filesWanted, bytesWanted } = ONE_OF_EACH.totals
    expect(shownAfter({ ...ONE_OF_EACH.totals, files: filesWanted, bytes: bytesWanted })).toEqual([])
  })

  it('leaves the terminal as it was when it closes in the middle, twice even', () => {
    const { shownAfter, screen, view } = terminal()
    shownAfter(fetching('a'), arrival('one'), arrival('two'))
    view.show(ONE_OF_EACH.stopped)
    view.close()
    view.close()
    expect(screen.lines.at(-1)).toBe('stopped')
    expect(screen.lines).toContainEqual(expect.stringMatching(/^received two/))
    expect(screen.cursorVisible).toBe(true)
    expect(screen.wraps).toBe(true)
  })

  it('survives a terminal that is made smaller and names that want to drive it', () => {
    const { shownAfter, screen } = terminal(120)
    const path = 'evil\x1b[2J\nname'
    shownAfter(ONE_OF_EACH.totals, fetching(path), fetching('films/日本語の長い名前のファイル.mkv'))
    screen.columns = 30
    const lines = shownAfter(progress(path, 5_000_000))
    expect(lines[1]).toMatch(/^evil\\.*…?.* 50%/)
    for (const line of lines) expect(columnsOf(line)).toBeLessThan(30)
  })
})

describe('the terminal view on a window that changes its size', () => {
  const files = ['first.bin', 'second.bin', 'third.bin'] as const
  const story = 'note: 192.168.56.118 is this machine; ignored'

  it.each(['breaks lines anew', 'cuts lines'] as const)('leaves no row of before where it %s', (how) => {
    const { shownAfter, screen } = terminal(100, { reflows: how === 'breaks lines anew' })
    shownAfter(ONE_OF_EACH.note, ONE_OF_EACH.totals, ...files.map((path) => fetching(path)))
    for (const columns of [99, 60, 50, 20, 33, 100, 5, 80]) {
      screen.resize(columns, how)
      const lines = shownAfter(progress('first.bin', 5_000_000))
      const rows = lines.slice(-4)
      for (const row of rows) expect(columnsOf(row)).toBeLessThan(Math.max(2, columns))
      if (columns >= 20) {
        expect(rows.map((row) => /\d+%/.exec(row)?.[0])).toEqual(['23%', '50%', '0%', '0%'])
        expect(rows[1]).toMatch(/^first\.bin /)
      }
      const above = lines.slice(0, -4)
      if (how === 'breaks lines anew') expect(above.join('')).toBe(story)
      else expect(above).toHaveLength(1)
    }
  })

  it('shows at once that its rows are gone, and draws the others with the next tick', () => {
    const { shownAfter, screen } = terminal(100)
    shownAfter(...files.map((path) => fetching(path)))
    screen.resize(40)
    expect(screen.lines).toEqual([])
    expect(screen.cursorVisible).toBe(true)
    expect(shownAfter()).toHaveLength(3)
    expect(screen.cursorVisible).toBe(false)
  })

  it('keeps lines that were told meanwhile', () => {
    const { shownAfter, screen, view } = terminal(100)
    shownAfter(...files.map((path) => fetching(path)))
    view.show(ONE_OF_EACH.note)
    screen.resize(60)
    view.show(ONE_OF_EACH.conflict)
    expect(shownAfter().slice(0, 2)).toEqual([story, expect.stringMatching(/^conflict: /)])
  })

  it('tells in 20 columns how far each file is, and how many there are', () => {
    const { shownAfter } = terminal(20)
    expect(shownAfter(ONE_OF_EACH.totals, fetching('linux-source-6.1.tar.xz'))).toEqual([
      '1,204/78,500    23%',
      'linux-…tar.xz    0%',
    ])
  })
})

describe('the terminal view of a job that a shell controls', () => {
  it('gives the terminal back when it is stopped, and draws again when it goes on', () => {
    const { shownAfter, screen, view } = terminal()
    const rows = shownAfter(ONE_OF_EACH.totals, fetching('a'))
    view.suspend()
    expect(screen).toMatchObject({ lines: [], cursorVisible: true, wraps: true })
    screen.write('[1]+  Stopped\n$ fg\n')
    view.resume()
    expect(shownAfter()).toEqual(['[1]+  Stopped', '$ fg', ...rows])
    expect(screen).toMatchObject({ cursorVisible: false, wraps: false })
  })

  it('that is stopped without a word writes over nothing of what the shell wrote', () => {
    const { shownAfter, screen, view } = terminal()
    const rows = shownAfter(fetching('a'), fetching('b'))
    screen.write('\n[1]+  Stopped (signal)\n$ fg\n')
    view.resume()
    expect(shownAfter().slice(-4)).toEqual(['[1]+  Stopped (signal)', '$ fg', ...rows])
    expect(screen).toMatchObject({ cursorVisible: false, wraps: false })
  })

  it('draws nothing in the background, where the shell has the terminal, and tells its story there', () => {
    let isForeground = false
    const { shownAfter, screen } = terminal(100, { isForeground: () => isForeground })
    expect(shownAfter(ONE_OF_EACH.note, fetching('a'))).toEqual([
      'note: 192.168.56.118 is this machine; ignored',
    ])
    expect(screen.raw).not.toContain('\x1b')
    isForeground = true
    expect(shownAfter()).toHaveLength(2)
  })
})

describe('a row of progress', () => {
  it('never takes more columns than the terminal has, and keeps its name and percentage', () => {
    const text = fc.string({ unit: 'grapheme-composite', maxLength: 60 })
    const cells = fc.record({
      name: text.map((name) => name.replace(/[^\p{L}\p{N}]/gu, 'x') || 'x'),
      percent: fc.nat(100),
      size: fc.constantFrom('1 byte', '618 MB'),
      rate: fc.constantFrom('0 B/s', '12.1 MB/s'),
      eta: fc.constantFrom('--:--', '99:59:59'),
      note: fc.constantFrom('', 'resumed from 43%', '+1,204 more'),
    })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 250 }),
        fc.array(cells, { minLength: 1, maxLength: 7 }),
        (columns, rows) => {
          const layout = rowLayout(columns, rows)
          for (const row of rows) {
            const drawn = rowText(layout, row, () => '='.repeat(BAR_COLUMNS))
            expect(columnsOf(drawn)).toBeLessThanOrEqual(Math.max(1, columns - 1))
            if (columns >= 24) expect(drawn).toContain(`${row.percent}%`)
          }
        },
      ),
    )
  })

  it('drops its least cells first where room is scarce', () => {
    const cells: RowCells = {
      name: 'some-long-file-name.iso',
      percent: 43,
      size: '618 MB',
      rate: '12.1 MB/s',
      eta: '0:32',
      note: 'resumed from 40%',
    }
    const shown = [110, 80, 60, 50, 40, 30].map((columns) => {
      const drawn = rowText(rowLayout(columns, [cells]), cells, () => '='.repeat(BAR_COLUMNS))
      return ['resumed', '===', 'MB/s', '0:32', '618', '43%'].filter((cell) => drawn.includes(cell)).length
    })
    expect(shown).toEqual([6, 5, 4, 3, 2, 1])
  })
})

describe('the choice of view', () => {
  it('draws only on a terminal that can be drawn on', async () => {
    const view = async (request: { json?: boolean; terminal?: string }, stream: Screen | Capture) => {
      const chosen = await chooseView(
        { json: request.json ?? false, verbose: false, terminal: request.terminal },
        new Output(stream, () => {}),
        new HandClock(),
      )
      return chosen.constructor.name
    }
    expect(await view({ terminal: 'xterm' }, new Screen(80))).toBe('TerminalView')
    expect(await view({ terminal: 'dumb' }, new Screen(80))).toBe('PlainView')
    expect(await view({}, new Screen(80))).toBe(process.platform === 'win32' ? 'TerminalView' : 'PlainView')
    expect(await view({ terminal: 'xterm' }, new Capture())).toBe('PlainView')
    expect(await view({ json: true }, new Screen(80))).toBe('JsonView')
  })
})
