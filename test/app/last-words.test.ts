import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { reasonIn } from '../../src/app/last-words.js'

/** All that Node itself writes when it ends so. */
function wordsOf(...words: string[]): string {
  return spawnSync(process.execPath, words, { encoding: 'utf8', cwd: '/' }).stderr
}

describe('the reason in the last words of a Node process', () => {
  it.each([
    ['an option that it does not know', ['--no-such-option'], /bad option: --no-such-option$/],
    [
      'a package that is missing',
      ['-e', 'require("no-such-package")'],
      /^Error: Cannot find module 'no-such-package'$/,
    ],
    [
      'a package that a module imports',
      ['--input-type=module', '-e', 'import "no-such-package"'],
      /^Error \[ERR_MODULE_NOT_FOUND\]: Cannot find package 'no-such-package'/,
    ],
    ['a file that does not parse', ['-e', 'let let'], /^SyntaxError: /],
    ['an error that nobody caught', ['-e', 'null.length'], /^TypeError: Cannot read properties of null/],
    [
      'an error with properties',
      ['-e', 'throw Object.assign(new Error("no room"), { code: "ENOSPC" })'],
      /^Error: no room$/,
    ],
    [
      'no memory',
      ['--max-old-space-size=8', '-e', 'const a = []; for (;;) a.push([a.length])'],
      /^FATAL ERROR: .*out of memory$/,
    ],
  ])('is %s', (_what, words, reason) => {
    expect(reasonIn(wordsOf(...words))).toMatch(reason)
  })

  it('is the check of V8 that failed', () => {
    const words =
      '\n\n#\n# Fatal error in , line 0\n# Check failed: it is a map.\n#\n#\n#\n#FailureMessage Object: 0x7ffd\n----- Native stack trace -----\n\n 1: 0xd3e 1 [node]\n'
    expect(reasonIn(words)).toBe('# Check failed: it is a map.')
  })

  it('is the last line of what is not known', () => {
    expect(reasonIn('a library speaks\nand gives up\n')).toBe('and gives up')
  })

  it('is missing where nothing was written, or a stack alone', () => {
    expect(reasonIn('')).toBeUndefined()
    expect(reasonIn('    at somewhere (file:1:1)\n\nNode.js v20.20.2\n')).toBeUndefined()
  })
})
