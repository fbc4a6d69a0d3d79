import { describe, expect, it } from 'vitest'
import { waitUntil } from '../../harness/peers/wait.js'
import { Screen } from '../../scripts/demo/screen.js'
import { type PhaseResult, tableOf } from '../../scripts/demo/table.js'

const result: PhaseResult = {
  name: '1  18.4 MB',
  seconds: 0.5,
  crossedBytes: 36_800_000,
  socketBytes: 37_400_000,
  files: 1,
  differences: [],
}

describe('the table', () => {
  it('has a line for each phase, in columns', () => {
    const lines = tableOf([result, { ...result, name: '2', seconds: 10, files: 1_430 }], 3)
    expect(lines).toHaveLength(4)
    expect(lines[2]).toMatch(/^1 {2}18\.4 MB +0\.50 +74 +36\.8 MB +37\.4 MB {3}equal: 1 file on 3 peers$/)
    expect(lines[3]).toMatch(/^2 +10\.00 +3\.7 +36\.8 MB +37\.4 MB {3}equal: 1,430 files on 3 peers$/)
    expect(lines[2]!.indexOf('equal')).toBe(lines[3]!.indexOf('equal'))
  })

  it('does not hide a difference', () => {
    expect(tableOf([{ ...result, differences: ['A missing: x'] }], 3)[2]).toContain('1 DIFFER')
  })
})

describe('the screen', () => {
  const capture = (isTTY: boolean) => {
    const written: string[] = []
    return { written, stream: { isTTY, columns: 20, write: (text: string) => written.push(text) } }
  }

  it('writes plain lines where there is no terminal', () => {
    const { written, stream } = capture(false)
    new Screen(stream).say('hello')
    expect(written.join('')).toMatch(/^ +\d\.\d\d s {2}hello\n$/)
  })

  it('draws its living line anew below a line that stays, and never wider than the terminal', async () => {
    const { written, stream } = capture(true)
    const screen = new Screen(stream)
    const work = Promise.resolve().then(() => screen.say('stays'))
    await screen.during(() => 'living '.repeat(10), work)
    const drawn = written.find((text) => text.includes('living'))!
    expect(drawn.startsWith('\r\x1b[K')).toBe(true)
    expect(drawn.slice('\r\x1b[K'.length)).toHaveLength(19)
    expect(written.at(-1)).toBe('\r\x1b[K')
  })
})

describe('waiting', () => {
  it('ends when what is waited for is so', async () => {
    let asked = 0
    await waitUntil('three', () => ++asked === 3, { timeoutMs: 10_000, pollMs: 1 })
    expect(asked).toBe(3)
  })

  it('says what it waited for when it gives up', async () => {
    const waiting = waitUntil('the moon', () => false, { timeoutMs: 10, pollMs: 1 })
    await expect(waiting).rejects.toThrow('waited 0.01 s for the moon')
  })
})
