// A peer that draws, as a job of a shell and at every end: real processes, real signals. What is drawn goes into a pipe that
// the peer takes for a terminal; tmux.test.ts has a real one.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hasTerminal } from '../../src/cli/job-control.js'
import { scriptedPeer } from './child.js'
import { Screen } from './screen.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A job of a shell that has a session of its own: nobody else has a say in whether it may stop. */
class Job {
  readonly ended: Promise<unknown>
  readonly screen = new Screen(80)
  pid = 0
  private readonly waiting = new Set<() => void>()

  /** `monitor` is of the shell: without it the job shares the shell's group, which nobody could let go on. */
  constructor(output: string, monitor: 'set -m' | 'set +m' = 'set -m') {
    const program = `"${process.execPath}" "${scriptedPeer()}" 'receives on' '${output}'`
    const script = `ulimit -c 0; ${monitor}; ${program} </dev/null & exec 1>&-; echo "job $!" >&2; read -r`
    const shell = spawn('bash', ['-c', script], {
      cwd: ROOT,
      detached: true,
      stdio: 'pipe',
      env: { ...process.env, TERM: 'xterm-256color' },
    })
    shell.stderr.on('data', (data) => {
      this.pid ||= Number(/job (\d+)/.exec(String(data))?.[1] ?? 0)
    })
    shell.stdout.setEncoding('utf8').on('data', (text) => {
      this.screen.write(text)
      for (const look of this.waiting) look()
    })
    this.ended = once(shell.stdout, 'end')
    onTestFinished(() => {
      if (!shell.stdout.readableEnded) this.signal('SIGKILL')
      shell.stdin.end()
    })
  }

  signal(signal: NodeJS.Signals): void {
    if (this.pid !== 0) process.kill(this.pid, signal)
  }

  get isStopped(): boolean {
    return /\) T /.test(readFileSync(`/proc/${this.pid}/stat`, 'latin1'))
  }

  /** Resolves when the screen shows it. */
  shows(what: (screen: Screen) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!what(this.screen)) return
        this.waiting.delete(look)
        resolve()
      }
      this.waiting.add(look)
      look()
    })
  }
}

const rowsOf = (screen: Screen) => screen.lines.filter((line) => /\d%/.test(line))
const isDrawn = (screen: Screen) => !screen.cursorVisible && rowsOf(screen).length === 7
const isGivenBack = (screen: Screen) => screen.cursorVisible && screen.wraps && rowsOf(screen).length === 0

describe.skipIf(process.platform !== 'linux')('a peer that draws on a terminal', () => {
  it('gives it back, stops and goes on as the shell wants', async () => {
    const job = new Job('drawn')
    await job.shows(isDrawn)
    for (let time = 0; time < 2; time++) {
      job.signal('SIGTSTP')
      await job.shows(isGivenBack)
      while (!job.isStopped) await new Promise((resolve) => setTimeout(resolve, 10))
      expect(isGivenBack(job.screen)).toBe(true)
      job.signal('SIGCONT')
      await job.shows(isDrawn)
    }
    job.signal('SIGTERM')
    await job.ended
    expect(isGivenBack(job.screen)).toBe(true)
    expect(job.screen.lines.at(-1)).toBe('stopped')
  })

  it('draws on where it cannot be stopped, because nobody could let it go on', async () => {
    const job = new Job('drawn', 'set +m')
    await job.shows(isDrawn)
    job.signal('SIGTSTP')
    await job.shows((screen) => screen.raw.includes('\x1b[?25h'))
    await job.shows(isDrawn)
    expect(job.isStopped).toBe(false)
    job.signal('SIGTERM')
    await job.ended
  })

  it.each<[NodeJS.Signals, string]>([
    ['SIGINT', 'drawn'],
    ['SIGHUP', 'drawn'],
    ['SIGQUIT', 'drawn'],
    ['SIGUSR2', 'drawn with a slip'],
    ['SIGUSR2', 'drawn and left'],
  ])('gives it back when it ends by %s (%s)', async (signal, output) => {
    const job = new Job(output)
    await job.shows(isDrawn)
    job.signal(signal)
    await job.ended
    expect(isGivenBack(job.screen)).toBe(true)
  })
})

describe('the terminal of a process', () => {
  it.each([
    ['is its own where it is in the foreground', '42 (node) R 1 42 7 34816 42 0', true],
    ['is of another job', '42 (node) R 1 42 7 34816 7 0', false],
    ['is nobody’s', '42 (node) R 1 42 7 0 -1 0', true],
    ['is told apart whatever its name is', '42 (a) R 1 (2) 3) S 1 42 7 34816 7 0', false],
  ])('%s', (_what, stat, isOurs) => {
    expect(hasTerminal(stat)).toBe(isOurs)
  })
})
