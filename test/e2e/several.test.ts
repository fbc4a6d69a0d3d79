// Several shares of one left.toml, each in a real process; here they are each other's peers.

import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { endpointText } from '../../harness/peers/endpoints.js'
import { PROGRAM } from '../../harness/peers/peer.js'
import { statusOf } from './left.js'
import { longTest, test, type World } from './world.js'

/** Two shares that name each other; `left` is run where their file is. */
async function twoShares(world: World, { inShare = '' } = {}): Promise<string> {
  const [a, b] = (await world.endpoints(2)) as [
    { host: string; port: number },
    { host: string; port: number },
  ]
  const table = (name: string, own: typeof a, other: typeof a) =>
    `[[share]]\nfolder = "${name}"\nbind = "${own.host}"\nport = ${own.port}\nip = "${endpointText(other)}"\n`
  writeFileSync(world.path('left.toml'), `${table('a', a, b)}${inShare}\n${table('bee', b, a)}`)
  return world.path('left.toml')
}

function startLeft(world: World, ...words: string[]) {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    cwd: world.folder,
    env: { ...process.env, XDG_CONFIG_HOME: world.config, XDG_STATE_HOME: join(world.config, 'state') },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  world.atEnd(() => void child.kill('SIGKILL'))
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    said.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    said.stderr += chunk
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, said, ended }
}

test('several shares of one file run side by side, and end when each is in step with --once', async ({
  world,
}) => {
  await twoShares(world)
  mkdirSync(world.path('a'))
  writeFileSync(world.path('a', 'notes.txt'), 'of a')
  const { said, ended } = startLeft(world, '--once')
  expect(await ended, said.stderr).toBe(0)
  expect(readFileSync(world.path('bee', 'notes.txt'), 'utf8')).toBe('of a')
  const lines = said.stdout.trimEnd().split('\n')
  for (const line of lines) expect(line).toMatch(/^(?:a {4}|bee {2})\S/)
  expect(lines.some((line) => line.startsWith('bee  ') && line.includes('notes.txt'))).toBe(true)
})

test('where one share is refused, all are stopped and the exit code is the worst', async ({ world }) => {
  const file = await twoShares(world, { inShare: 'identity = "broken.pem"' })
  writeFileSync(world.path('broken.pem'), 'no key\n', { mode: 0o600 })
  const { said, ended } = startLeft(world, '--config', file, '--json')
  expect(await ended).toBe(2)
  expect(said.stderr).toMatch(/^a {4}left: /m)
  expect(said.stderr).toContain('left: a has ended (exit code 2): stopping the others')
  const events = said.stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  for (const event of events) expect(Object.keys(event).slice(0, 3)).toEqual(['name', 'time', 'event'])
})

longTest('shares do not outlive the left that started them', async ({ world }) => {
  await twoShares(world)
  const { child, said } = startLeft(world)
  const areReady = () =>
    ['a', 'bee'].every((name) => new RegExp(`^${name} .* the share holds`, 'm').test(said.stdout))
  await world.until('both to run', areReady)
  const pids = await Promise.all(
    ['a', 'bee'].map(async (name) => (await statusOf({ share: world.path(name) })).pid),
  )
  child.kill('SIGKILL')
  await world.until('its processes to end', () => !pids.some(isRunning))
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
