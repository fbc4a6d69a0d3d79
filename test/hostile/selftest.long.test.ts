// `left selftest --hostile` in full: every attack with everything that it has, encrypted and in the clear.

import { describe, expect, it } from 'vitest'
import { runLeft } from '../../harness/processes.js'

const RUN_MS_MAX = 15 * 60_000

describe.runIf(process.platform === 'linux')('the hostile self-test in full', () => {
  it.each(['yes', 'no'])('is withstood with --encryption %s', async (encryption) => {
    const words = ['selftest', '--hostile', '--encryption', encryption]
    const { exitCode, stdout, stderr } = await runLeft(words, { timeoutMs: RUN_MS_MAX })
    // An attack's line, and the lines of what was seen and what was wrong, which are indented.
    const notRejected = stdout.split(/\n(?! )/).filter((attack) => attack.startsWith('NOT REJECTED'))
    expect({ notRejected, exitCode, stderr }, [...notRejected, stdout].join('\n')).toEqual({
      notRejected: [],
      exitCode: 0,
      stderr: '',
    })
    const [rejected, all] = (/^(\d+) of (\d+) attacks rejected/m.exec(stdout) ?? []).slice(1)
    expect(Number(rejected)).toBeGreaterThan(15)
    expect(rejected).toBe(all)
  })
})
