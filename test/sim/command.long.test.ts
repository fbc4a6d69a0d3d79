// Seeds that no other test draws, through the command and its worker processes.

import { describe, expect, it } from 'vitest'
import { runLeft } from '../../harness/processes.js'

const RUN_MS_MAX = 15 * 60_000

describe('left sim', () => {
  it.each([
    ['with kills, full disks and wrong clocks', ['--seed', '1000001']],
    ['with losses of power too', ['--seed', '2000001', '--power']],
  ])('finds nothing in 2,000 runs %s', async (_what, words) => {
    const ended = await runLeft(['sim', '--runs', '2000', ...words], { timeoutMs: RUN_MS_MAX })
    expect(ended, ended.stdout.slice(-4_000)).toMatchObject({ exitCode: 0, stderr: '' })
  })
})
