// The terminal view in a real terminal, tmux, under a real shell: what a person sees when the window changes its size, and
// when the shell stops the peer. Skipped where tmux or bash is not there.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../io/temporary-folder.js'
import { scriptedPeer } from './child.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PROGRAM = `ulimit -c 0; '${process.execPath}' '${scriptedPeer()}' 'receives on'`
const BARS = 7
const ROWS = 30

const isThere = (program: string, word: string) => {
  try {
    execFileSync(program, [word], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

class Window {
  private readonly folder = temporaryFolder()

  constructor(columns: number, rows = ROWS) {
    const shell = `env HISTFILE= PS1='ready> ' bash --norc --noprofile -i`
    this.tmux('new-session', '-d', '-x', String(columns), '-y', String(rows), '-c', ROOT, shell)
    onTestFinished(() => void this.tmux('kill-server'))
  }

  private tmux(...words: string[]): string {
    const env = { ...process.env, TMUX_TMPDIR: this.folder, TERM: 'xterm-256color' }
    return execFileSync('tmux', ['-u', '-f', '/dev/null', ...words], { env, encoding: 'utf8' })
  }

  type(...keys: string[]): void {
    this.tmux('send-keys', ...keys)
  }

  resize(columns: number): void {
    this.tmux('resize-window', '-x', String(columns), '-y', String(ROWS))
  }

  get lines(): string[] {
    return this.tmux('capture-pane', '-p').split('\n')
  }

  get rows(): string[] {
    return this.lines.filter((line) => /\d%/.test(line))
  }

  get isGivenBack(): boolean {
    return this.tmux('display', '-p', '#{cursor_flag}#{wrap_flag}').trim() === '11'
  }

  async until(is: () => boolean): Promise<void> {
    while (!is()) await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describe.skipIf(!isThere('tmux', '-V') || !isThere('bash', '--version'))('in tmux', () => {
  it('no row of before is left after the window got narrower, and none when it got wider again', async () => {
    const window = new Window(110)
    // The story of a session that has run for a while fills the window.
    window.type(`printf '\\n%.0s' {1..40}; ${PROGRAM}`, 'Enter')
    await window.until(() => window.rows.length === BARS)
    const drawn: [number, RegExp][] = [
      [60, /^linux-\S+ +\d+% +600 MB +40 MB\/s +\d:\d\d$/],
      [20, /^linux-…\S+ +\d+%$/],
      [100, /^linux-\S+ +\[=* *\] +\d+% +600 MB +40 MB\/s +\d:\d\d$/],
      [40, /^linux-\S+ +\d+% +600 MB$/],
      [90, /^linux-\S+ +\[=* *\] +\d+% +600 MB +40 MB\/s +\d:\d\d$/],
    ]
    for (const [columns, second] of drawn) {
      window.resize(columns)
      await window.until(() => {
        const { rows } = window
        return rows.length === BARS && /^\d+( of |\/)60 /.test(rows[0]!) && second.test(rows[1]!)
      })
    }
    window.type('C-c')
    await window.until(() => window.lines.some((line) => line === 'stopped'))
    await window.until(() => window.isGivenBack)
    expect(window.rows).toEqual([])
  })

  it('the shell has its cursor and its line wrap while the peer is stopped, and while it is in the background', async () => {
    // On a busy machine the peer has much to tell meanwhile: what the shell said of its stops must not scroll away.
    const window = new Window(100, 200)
    window.type(PROGRAM, 'Enter')
    const isDrawn = () => window.rows.length === BARS && !window.isGivenBack
    await window.until(isDrawn)
    // Several times: Node tells of SIGCONT before or after the next drawing.
    for (let stops = 1; stops <= 5; stops++) {
      window.type('C-z')
      await window.until(
        () =>
          window.isGivenBack &&
          window.lines.filter((line) => /^\[1\]\+ +Stopped/.test(line)).length === stops,
      )
      expect(window.rows).toEqual([])
      // By then the next drawing is due.
      await new Promise((resolve) => setTimeout(resolve, 300))
      window.type('fg', 'Enter')
      await window.until(isDrawn)
    }
    window.type('C-z')
    await window.until(() => window.isGivenBack)
    window.type('bg', 'Enter')
    await window.until(() => window.lines.some((line) => /^received \d+ files/.test(line)))
    expect(window.isGivenBack).toBe(true)
    expect(window.rows).toEqual([])
    window.type('fg', 'Enter')
    await window.until(isDrawn)
    window.type('C-\\')
    await window.until(() => window.isGivenBack && window.rows.length === 0)
  })
})
