import { describe, expect, it } from 'vitest'
import { LeftError } from '../../src/base/errors.js'
import { exitCodeOf, failureText } from '../../src/cli/failure.js'
import { scriptedPeer, start } from './child.js'

const peer = (script: string, output = 'plain') => start(scriptedPeer(), [script, output])

describe('a running peer', () => {
  it.each<NodeJS.Signals>(['SIGINT', 'SIGTERM', 'SIGHUP'])(
    'ends with 0 after %s, having stopped',
    async (signal) => {
      const child = peer('quiet')
      await child.says('shares')
      child.process.kill(signal)
      const { exitCode, stdout, stderr } = await child.ended
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      expect(stdout).toMatch(/ stopped\n$/)
    },
  )

  it('ends with 0 even if its end hangs', async () => {
    const child = peer('hangs')
    await child.says('shares')
    child.process.kill('SIGINT')
    expect(await child.ended).toMatchObject({ exitCode: 0, signal: null, stderr: '' })
  })

  it('ends at once when asked twice', async () => {
    const child = peer('hangs', 'json')
    await child.says('started')
    child.process.kill('SIGINT')
    child.process.kill('SIGTERM')
    expect(await child.ended).toMatchObject({ exitCode: 0, signal: null, stderr: '' })
  })

  it.each(['plain', 'json'])('ends quietly when nobody reads its %s output any more', async (output) => {
    const child = peer('talks', output)
    await child.says('xxx')
    child.process.stdout!.destroy()
    expect(await child.ended).toMatchObject({ exitCode: 0, signal: null, stderr: '' })
  })

  it('that cannot start ends with 2 and one line', async () => {
    const { exitCode, stdout, stderr } = await peer('refuses').ended
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toBe('left: port 22001 is in use;\\nchoose another with --port\n')
  })

  it('tells the causes with --verbose', async () => {
    const { stderr } = await peer('refuses', 'verbose').ended
    expect(stderr).toMatch(/^left: port[^\n]+\nleft: {3}because: Error: EADDRINUSE\n$/)
  })

  it('that fails while running ends with 1', async () => {
    const { exitCode, stderr } = await peer('fails').ended
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'left: the share has gone; put it back and start again\n',
    })
  })

  it('that has a slip of ours ends with 1 and one line', async () => {
    const { exitCode, stderr } = await peer('breaks').ended
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'left: TypeError: a slip of ours\n' })
  })
})

describe('a failure', () => {
  it.each([
    ['usage', 2],
    ['port-in-use', 2],
    ['share-unusable', 2],
    ['share-in-use', 2],
    ['state-newer', 2],
    ['identity-unusable', 2],
    ['pins-unusable', 2],
    ['not-available', 2],
    ['disk-full', 1],
    ['disk-failed', 1],
    ['watcher-failed', 2],
  ] as const)('with code %s at the start exits with %d, and with 1 later', (code, exitCode) => {
    const error = new LeftError(code, 'no')
    expect(exitCodeOf(error, 'starting')).toBe(exitCode)
    expect(exitCodeOf(error, 'running')).toBe(1)
  })

  it('of any kind has a text, also when its causes go round in a circle', () => {
    const error = new Error('a')
    error.cause = new Error('b', { cause: error })
    const lines = failureText(error, true).split('\n')
    expect(lines[0]).toBe('left: Error: a')
    expect(lines.filter((line) => line.includes('because'))).toHaveLength(8)
    expect(failureText('text\x1b', false)).toBe('left: text\\x1b\n')
    expect(failureText(undefined, true)).toBe('left: undefined\n')
  })
})
