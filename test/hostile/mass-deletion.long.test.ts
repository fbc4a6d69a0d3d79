// That the attack of mass deletion is one: it succeeds against a peer whose person is never asked.

import { describe, expect, it } from 'vitest'
import type { Attacker } from '../../src/hostile/attacker.js'
import { massDeletion } from '../../src/hostile/attacks/mass-deletion.js'
import { Target } from '../../src/hostile/target.js'
import { loadHash } from '../../src/io/hash.js'

describe.runIf(process.platform === 'linux')('a peer that deletes everything', () => {
  it('succeeds where nobody is asked, so that the attack is one', async () => {
    await loadHash()
    const target = await Target.start('no', { options: ['--max-delete', 'no'] })
    const attackers: Attacker[] = []
    try {
      const attacker = async () => {
        const one = await target.attacker()
        attackers.push(one)
        return one
      }
      const connected = async () => {
        const one = await attacker()
        await one.connect()
        return one
      }
      const { fault, seen } = await massDeletion.run({ target, quick: true, attacker, connected })
      expect({ fault, seen }).toEqual({
        fault: '100 files went at once',
        seen: expect.stringContaining('0 where all are replaced'),
      })
    } finally {
      for (const one of attackers) await one.close()
      target.stop()
    }
  })
})
