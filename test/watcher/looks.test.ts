import { mkdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { folderAt, looksOf } from '../../src/watcher/looks.js'
import { temporaryFolder } from '../io/temporary-folder.js'

describe('what is looked at now and then', () => {
  it('is known again, and told from another that came into its place', () => {
    const share = `${temporaryFolder()}/share`
    mkdirSync(share)
    const before = folderAt(share)
    expect(folderAt(share, before)).toBe(before)
    renameSync(share, `${share}-moved`)
    expect(folderAt(share, before)).toBeUndefined()
    mkdirSync(share)
    expect(folderAt(share, before)).not.toBe(before)
  })

  it('is another once it was written', () => {
    const file = `${temporaryFolder()}/ignore`
    expect(looksOf(file)).toBeUndefined()
    writeFileSync(file, 'one')
    const before = looksOf(file)
    expect(looksOf(file, before)).toBe(before)
    writeFileSync(file, 'another')
    expect(looksOf(file, before)).not.toBe(before)
    rmSync(file)
    expect(looksOf(file, before)).toBeUndefined()
  })

  it('counts as it was where the system does not let anybody look', () => {
    const loop = `${temporaryFolder()}/loop`
    symlinkSync('loop', loop)
    expect(() => statSync(loop)).toThrow()
    expect(looksOf(loop, 'before')).toBe('before')
    expect(folderAt(`${loop}/below`, 'before')).toBe('before')
    expect(looksOf(loop)).toBeUndefined()
  })
})
