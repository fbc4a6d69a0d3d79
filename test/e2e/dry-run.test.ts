// `left --dry-run` with a real peer: what it foretells, that nothing changes at either end, and that it comes so.

import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { endpointText } from '../../harness/peers/endpoints.js'
import { EVENT_LOG_PATH } from '../../src/base/own-folder.js'
import { type Ended, leftOf } from './left.js'
import { test } from './world.js'

/** All that is at and below a folder: names, kinds, sizes, times to the nanosecond, modes, contents; LEFT's own folder too, but for the
 *  events that a running peer notes: one that looks at it is among them. */
function digestOf(folder: string): string {
  const digest = createHash('sha256')
  const events = join(folder, EVENT_LOG_PATH)
  const add = (path: string) => {
    if (path === events) return
    const { mode, size, mtimeNs, ino } = lstatSync(path, { bigint: true })
    digest.update(`${path} ${mode} ${size} ${mtimeNs} ${ino}\n`)
    if ((mode & 0o170000n) === 0o100000n) digest.update(readFileSync(path))
    if ((mode & 0o170000n) === 0o040000n) for (const name of readdirSync(path).sort()) add(join(path, name))
  }
  add(folder)
  return digest.digest('hex')
}

test('a dry run foretells what a start would do, and changes nothing at either end', async ({ world }) => {
  const [endpointA, endpointB] = await world.endpoints(2)
  const a = world.peer('A', endpointA!, [endpointText(endpointB!)])
  const b = world.peer('B', endpointB!, [endpointText(endpointA!)])
  mkdirSync(a.path('folder'), { recursive: true })
  for (const name of ['same', 'edited', 'both', 'folder/gone', 'folder/moved'])
    writeFileSync(a.path(name), `${name} of A`)
  const env = { ...process.env, XDG_CONFIG_HOME: world.config, XDG_STATE_HOME: join(world.config, 'state') }
  const { host, port } = endpointB!
  const words = ['--bind', host, '--port', String(port), '--ip', a.address, '--share', b.share, '--dry-run']
  const dryRun = (...more: string[]): Promise<Ended> =>
    leftOf(env, world.folder, '--config', 'no', ...words, ...more)

  rmSync(b.share, { recursive: true })
  a.start()
  await world.until('A to have read its share', () => a.of('scanned').length > 0)
  const first = await dryRun()
  expect(first).toMatchObject({ exitCode: 0 })
  expect(first.stdout).toContain('6 to fetch')
  expect(existsSync(b.share)).toBe(false)

  b.start()
  await world.until('both to be in step', () => [a, b].every(({ inStep }) => inStep.size > 0))
  await b.stop()
  rmSync(a.path('folder/gone'))
  renameSync(a.path('folder/moved'), a.path('moved'))
  appendFileSync(a.path('edited'), ', edited')
  writeFileSync(b.path('both'), 'of B')
  writeFileSync(a.path('both'), 'of A, and later')
  writeFileSync(a.path('new'), 'new')
  await world.until('A to have seen it', () => new Set(a.of('changed').map(({ path }) => path)).size >= 6)

  let last = ''
  const isAtRest = () => {
    const before = last
    last = digestOf(a.share)
    return last === before
  }
  await world.until('A to have committed it', isAtRest, 1_000)
  const before = [digestOf(a.share), digestOf(b.share)]
  const { exitCode, stdout } = await dryRun('--json', '--timeout', '60s')
  expect([digestOf(a.share), digestOf(b.share)]).toEqual(before)
  expect(exitCode).toBe(0)
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines.map(({ deed, path }) => `${deed} ${path}`).slice(0, -1)).toEqual([
    'conflict both',
    'fetch edited',
    'remove folder/gone',
    'rename moved',
    'fetch new',
  ])
  expect(lines.at(-1)).toMatchObject({
    event: 'dry-run',
    fetch: 2,
    remove: 1,
    rename: 1,
    conflict: 1,
    compared: [a.address],
  })
  expect(readdirSync(world.folder).filter((name) => name.startsWith('left-dry-run'))).toEqual([])

  b.start()
  const hasCopy = ({ share }: { share: string }) =>
    readdirSync(share).some((name) => name.startsWith('both.conflict-'))
  await world.until('both to keep the loser', () => [a, b].every(hasCopy))
  await world.untilSame([a, b])
  expect(readFileSync(b.path('both'), 'utf8')).toBe('of A, and later')
  expect([existsSync(b.path('folder/gone')), existsSync(b.path('moved'))]).toEqual([false, true])

  const running = await dryRun()
  expect(running).toMatchObject({ exitCode: 2, stdout: '' })
  expect(running.stderr).toContain('left runs on')
  await a.stop()
  await b.stop()
  expect(await dryRun('--timeout', '1s')).toMatchObject({ exitCode: 3 })
})
