import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bundled } from '../../harness/bundled.js'
import { LeftError } from '../../src/base/errors.js'
import { lockShare } from '../../src/io/lock.js'
import { temporaryFolder } from './temporary-folder.js'

const HOLDER = bundled(fileURLToPath(new URL('lock-holder.ts', import.meta.url)))

/** A process that tries for the lock once told to, and says whether it has it. */
async function starter(folder: string): Promise<{ child: ChildProcess; attempt(): Promise<string> }> {
  const child = spawn(process.execPath, [HOLDER, folder], { stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said: string[] = []
  const waiting: ((line: string) => void)[] = []
  child.stdout!.on('data', (data: Buffer) => {
    for (const line of data.toString().trim().split('\n')) {
      const resolve = waiting.shift()
      if (resolve === undefined) said.push(line)
      else resolve(line)
    }
  })
  const nextLine = () =>
    new Promise<string>((resolve) => {
      const line = said.shift()
      if (line === undefined) waiting.push(resolve)
      else resolve(line)
    })
  expect(await nextLine()).toBe('ready')
  return {
    child,
    attempt() {
      child.stdin!.write('go\n')
      return nextLine()
    },
  }
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function refusalOf(folder: string): LeftError {
  try {
    lockShare(folder)()
  } catch (error) {
    return error as LeftError
  }
  throw new Error('the lock was given')
}

describe('the lock of a share', () => {
  it('is refused while it is held, and free once it is given back', () => {
    const folder = temporaryFolder()
    const release = lockShare(folder)
    expect(refusalOf(folder)).toBeInstanceOf(LeftError)
    expect(refusalOf(folder)).toMatchObject({
      code: 'share-in-use',
      message: expect.stringContaining(`pid ${process.pid}`),
    })
    release()
    release()
    lockShare(folder)()
    expect(readdirSync(folder)).toEqual([])
  })

  it('outlives nobody: it passes from a killed process to the next', async () => {
    const folder = temporaryFolder()
    const first = await starter(folder)
    expect(await first.attempt()).toBe('locked')
    expect(refusalOf(folder).message).toContain(`pid ${first.child.pid}`)
    await killed(first.child)
    const release = lockShare(folder)
    expect(readdirSync(folder)).toEqual(['lock'])
    release()
    expect(readdirSync(folder)).toEqual([])
  })

  it('goes to exactly one of many that start at once, be it free or stale', async () => {
    const folder = temporaryFolder()
    for (let round = 0; round < 3; round++) {
      const starters = await Promise.all(Array.from({ length: 4 }, () => starter(folder)))
      const answers = await Promise.all(starters.map(({ attempt }) => attempt()))
      expect(answers.filter((answer) => answer === 'locked')).toHaveLength(1)
      expect(answers.filter((answer) => answer === 'share-in-use')).toHaveLength(3)
      await Promise.all(starters.map(({ child }) => killed(child)))
    }
  }, 20_000)

  const claimOf = (folder: string) => JSON.parse(readFileSync(`${folder}/lock`, 'utf8'))
  /** A lock as a process of this pid left it. */
  const leaveLock = (folder: string, changes: object = {}) => {
    const elsewhere = temporaryFolder()
    lockShare(elsewhere)
    writeFileSync(`${folder}/lock`, JSON.stringify({ ...claimOf(elsewhere), id: '0'.repeat(16), ...changes }))
  }

  it.runIf(process.platform === 'linux')('is stale where its pid is that of a younger process', () => {
    const folder = temporaryFolder()
    leaveLock(folder)
    expect(refusalOf(folder).code).toBe('share-in-use')
    leaveLock(folder, { started: '1' })
    lockShare(folder)()
  })

  it.runIf(process.platform === 'linux')('is stale where this machine was started again since', () => {
    const folder = temporaryFolder()
    leaveLock(folder, { boot: 'an earlier one' })
    lockShare(folder)()
  })

  it('is believed where another machine holds it, and says what to do', () => {
    const folder = temporaryFolder()
    leaveLock(folder, { boot: 'another', host: `not-${hostname()}` })
    expect(refusalOf(folder).message).toContain(`on not-${hostname()}`)
    expect(refusalOf(folder).message).toContain(`remove ${folder}/lock`)
  })

  it.each(['', '{', '{}', 'null', '{"id":7,"pid":-1}'])('is stale where it holds "%s"', (content) => {
    const folder = temporaryFolder()
    writeFileSync(`${folder}/lock`, content)
    const release = lockShare(folder)
    expect(refusalOf(folder).code).toBe('share-in-use')
    release()
    expect(readdirSync(folder)).toEqual([])
  })

  it('follows a chain of successors that died before they settled in', () => {
    const folder = temporaryFolder()
    const dead = { pid: 2 ** 22 + 1, started: '', boot: '', host: hostname() }
    leaveLock(folder, { ...dead, id: '1'.repeat(16), boot: 'an earlier one' })
    const write = (after: string, id: string) =>
      writeFileSync(`${folder}/lock-after-${after}`, JSON.stringify({ ...dead, id, boot: 'an earlier one' }))
    write('1'.repeat(16), '2'.repeat(16))
    write('2'.repeat(16), '3'.repeat(16))
    writeFileSync(
      `${folder}/lock-claim-4`,
      JSON.stringify({ ...dead, id: '4'.repeat(16), boot: 'an earlier one' }),
    )
    const release = lockShare(folder)
    expect(claimOf(folder).pid).toBe(process.pid)
    expect(readdirSync(folder)).toEqual(['lock'])
    release()
  })

  it('needs a folder that can be written', () => {
    const folder = temporaryFolder()
    expect(refusalOf(`${folder}/missing`)).toMatchObject({
      code: 'share-unusable',
      message: expect.stringContaining('make it writable'),
    })
  })
})
