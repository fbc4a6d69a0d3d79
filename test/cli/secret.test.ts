import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { runSecret } from '../../src/cli/secret.js'
import { temporaryFolder } from '../io/temporary-folder.js'

let file: string
let lines: string[]
const run = (...words: string[]) => runSecret(words, {}, (line) => lines.push(line))
const check = () => runSecret([file], { check: true }, (line) => lines.push(line))
beforeEach(() => {
  file = join(temporaryFolder(), 'secret')
  lines = []
})

describe('left secret', () => {
  it('makes a file that nobody else may read, with a name and 256 bits, another each time', async () => {
    expect(await run(file)).toBe(0)
    const text = readFileSync(file, 'utf8')
    expect(text).toMatch(/^left-[0-9a-f]{8}-[A-Za-z0-9_-]{43}\n$/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(lines[0]).toContain(text.slice(5, 13))
    expect(lines.join('\n')).not.toContain(text.slice(14, 40))
    await run(`${file}-2`)
    expect(readFileSync(`${file}-2`, 'utf8')).not.toBe(text)
  })

  it('writes over nothing, and says so', async () => {
    writeFileSync(file, 'precious\n')
    await expect(run(file)).rejects.toMatchObject({ code: 'secret-unusable' })
    expect(readFileSync(file, 'utf8')).toBe('precious\n')
  })

  it('wants one file', async () => {
    for (const words of [[], [''], ['a', 'b']])
      await expect(run(...words)).rejects.toMatchObject({ code: 'usage' })
    await expect(run(join(file, '/dev/null/x\0'))).rejects.toMatchObject({ code: 'secret-unusable' })
  })
})

describe('left secret --check', () => {
  const said = async (secret: string) => {
    writeFileSync(file, `${secret}\n`, { mode: 0o600 })
    lines = []
    await check()
    return lines[0]
  }

  it('knows what left secret made', async () => {
    await run(file)
    lines = []
    await check()
    expect(lines).toEqual(['made by left secret: 256 random bits; nobody guesses it'])
  })

  it.each([
    ['swordfish', /^too short/],
    ['aaaaaaaaaaaaaaaaaaaaaaaa', /^weak/],
    ['correct horse', /^too short/],
    ['password password password', /^weak/],
    ['swordfish swordfish1', /^weak/],
    ['correct horse battery', /^weak/],
    ['correct horse battery staple', /^fair/],
    ['correct horse battery staple lamp river', /^strong/],
    ['x7Gq0bTz4LmW9sRk', /^strong/],
  ])('says of %s: %s', async (secret, words) => {
    expect(await said(secret)).toMatch(words)
  })

  it('reads none that others may read', async () => {
    writeFileSync(file, 'correct horse battery staple\n')
    chmodSync(file, 0o644)
    await expect(check()).rejects.toMatchObject({ code: 'secret-unusable' })
  })
})
