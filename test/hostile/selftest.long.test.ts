// `left selftest --hostile` in full: every attack with everything that it has, encrypted and in the clear.

import { describe, expect, it } from 'vitest'
import { runLeft } from '../../harness/processes.js'

const RUN_MS_MAX = 15 * 60_000

describe.runIf(process.platform === 'linux')('the hostile self-test in full', () => {
  it.each(['yes', 'no'])('is withstood with --encryption %s', async (encryption) => {
    const words = ['selftest', '--hostile', '--encryption', encryption]
    const { exitCode, stdout, stderr } = await runLeft(words, { timeoutMs: RUN_MS_MAX })
    const notRejected = stdout.split('\n').filter((line) => line.startsWith('NOT'))
    expect({ exitCode, notRejected, stderr }, stdout).toEqual({ exitCode: 0, notRejected: [], stderr: '' })
    const [rejected, all] = (/^(\d+) of (\d+) attacks rejected/m.exec(stdout) ?? []).slice(1)
    expect(Number(rejected)).toBeGreaterThan(15)
    expect(rejected).toBe(all)
  })
})
