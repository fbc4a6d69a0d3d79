// `left selftest --hostile` in full: every attack with everything that it has, encrypted and in the clear.

import { describe, expect, it } from 'vitest'
import { runLeft } from '../../harness/processes.js'

const RUN_MS_MAX = 15 * 60_000

/** Faults of time and memory, and honest work that did not come about: a machine that is busy at the wrong moment has them too, so such
 *  an attack is run once more. Whatever lets somebody in, or writes or serves what it should not, is not. */
const OF_THE_MOMENT =
  /^(it held \d|its memory grew|it holds \d|it spent \d|another peer (waited|got no answer)|only \d+ of \d+ lines|an? (honest file|peer) did not|honest files did not|there was no race|the attack came to nothing)/

describe.runIf(process.platform === 'linux')('the hostile self-test in full', () => {
  it.each(['yes', 'no'])('is withstood with --encryption %s', async (encryption) => {
    const words = ['selftest', '--hostile', '--encryption', encryption]
    const { exitCode, stdout, stderr } = await runLeft(words, { timeoutMs: RUN_MS_MAX })
    const notRejected = notRejectedIn(stdout)
    expect(stderr).toBe('')
    const broken = notRejected.filter((attack) => !isOfTheMoment(attack))
    expect(broken, [...broken, stdout].join('\n')).toEqual([])
    const [rejected, all] = (/^(\d+) of (\d+) attacks rejected/m.exec(stdout) ?? []).slice(1).map(Number)
    expect(all).toBeGreaterThan(15)
    expect(rejected).toBe(all! - notRejected.length)
    expect(exitCode).toBe(notRejected.length === 0 ? 0 : 1)
    for (const attack of notRejected) {
      const again = await runLeft([...words, '--only', nameOf(attack)], { timeoutMs: RUN_MS_MAX })
      expect(again, `${attack}\n${again.stdout}`).toMatchObject({ exitCode: 0, stderr: '' })
    }
  })
})

/** The line of each attack that was not rejected, with the lines of what was seen and what was wrong, which are indented. */
function notRejectedIn(stdout: string): string[] {
  return stdout.split(/\n(?! )/).filter((attack) => attack.startsWith('NOT REJECTED'))
}

function isOfTheMoment(attack: string): boolean {
  const faults = attack.split('\n').flatMap((line) => /^ +! (.*)/.exec(line)?.[1]?.split('; ') ?? [])
  return faults.length > 0 && faults.every((fault) => OF_THE_MOMENT.test(fault))
}

/** In a column of its own. */
function nameOf(attack: string): string {
  return attack
    .slice('NOT REJECTED'.length)
    .trim()
    .split(/ {2,}| sent /, 1)[0]!
}
