import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { waitUntil } from '../../harness/peers/wait.js'
import { temporaryFolder } from '../io/temporary-folder.js'
import { isLong } from '../length.js'
import { Machines, whyNoMachines } from './machines.js'
import { pack, ROOT } from './npm-package.js'

const DEPLOY = join(ROOT, 'scripts/deploy.sh')

describe('scripts/deploy.sh', () => {
  /** In place of ssh: the machines are homes on this one, with one Node of each version that is named. */
  function deployOn(nodes: Readonly<Record<string, string>>, words: readonly string[] = []) {
    const folder = temporaryFolder()
    const shim = join(folder, 'ssh')
    writeFileSync(
      shim,
      `#!/bin/sh\n[ "$1" = -G ] && echo "hostname $2" && exit\nHOME='${folder}'/$1 PATH='${folder}'/$1/bin:/usr/bin:/bin exec sh -c "$2"\n`,
    )
    chmodSync(shim, 0o755)
    for (const [name, version] of Object.entries(nodes)) {
      mkdirSync(join(folder, name, 'bin'), { recursive: true })
      for (const [program, says] of [
        ['node', version],
        ['npm', '10.0.0'],
      ] as const) {
        const file = join(folder, name, 'bin', program)
        writeFileSync(file, `#!/bin/sh\necho ${says}\n`)
        chmodSync(file, 0o755)
      }
    }
    const env = { ...process.env, LEFT_DEPLOY_SSH: shim }
    const { status, stderr } = spawnSync(DEPLOY, [...Object.keys(nodes), ...words], { env, encoding: 'utf8' })
    const changed = Object.keys(nodes).filter((name) => readdirSync(join(folder, name)).length > 1)
    return { status, stderr, changed }
  }

  it('changes no machine where one has a Node that is too old', () => {
    expect(deployOn({ one: 'v22.11.0', two: 'v20.14.0' })).toEqual({
      status: 1,
      stderr:
        'Node 20.14.0 is too old: LEFT needs 20.15 or newer\ndeploy: two cannot run LEFT; nothing was changed on any machine\n',
      changed: [],
    })
  })

  it.each<[string[], string]>([
    [[], 'name two machines or more'],
    [['--port', 'x'], '--port x is no number'],
    [['--tarball', '/nowhere.tgz'], 'there is no file /nowhere.tgz'],
    [['--fast'], 'there is no option --fast'],
  ])('refuses %j with exit code 2', (words, text) => {
    const { status, stderr } = deployOn(words.length === 0 ? {} : { one: 'v22.0.0', two: 'v22.0.0' }, words)
    expect(status).toBe(2)
    expect(stderr).toContain(text)
  })
})

describe('scripts/deploy.sh on three machines', () => {
  it.runIf(isLong)(
    'installs by ssh and has them keep a folder the same, also the second time',
    async ({ skip }) => {
      const why = whyNoMachines()
      skip(why !== undefined, why)
      const folder = temporaryFolder()
      const tarball = pack(folder)
      const network = new Machines(folder, 3)
      onTestFinished(() => network.close())
      await network.untilReached()
      const { machines } = network
      const names = machines.map(({ name }) => name)
      const deploy = () =>
        network.run([DEPLOY, '--tarball', tarball, ...names], { LEFT_DEPLOY_SSH: network.ssh })
      const first = deploy()
      expect(first.status, first.stdout + first.stderr).toBe(0)
      for (const { name, home, host } of machines) {
        const others = machines.filter((other) => other.host !== host).map((other) => `"${other.host}"`)
        expect(readFileSync(join(home, '.config/left/left.toml'), 'utf8')).toContain(
          `ip = [${others.join(', ')}]\n`,
        )
        expect(inStepWith(network.on(name, '.local/bin/left status --share share').stdout)).toBe(2)
      }
      const [one, , three] = machines as [(typeof machines)[0], unknown, (typeof machines)[0]]
      writeFileSync(join(one.home, 'share/file'), 'of one\n')
      const arrived = join(three.home, 'share/file')
      await waitUntil('the file', () => existsSync(arrived), { timeoutMs: 60_000, pollMs: 100 })

      // What a person adds stays, and the process is another one.
      const toml = join(three.home, '.config/left/left.toml')
      writeFileSync(toml, `${readFileSync(toml, 'utf8')}min-free = "2%"\n`)
      const pidFile = join(three.home, '.local/state/left-deploy/left.pid')
      const pid = readFileSync(pidFile, 'utf8')
      const second = deploy()
      expect(second.status, second.stdout + second.stderr).toBe(0)
      expect(readFileSync(toml, 'utf8')).toContain('min-free = "2%"')
      expect(readFileSync(pidFile, 'utf8')).not.toBe(pid)
      for (const { name } of machines)
        expect(inStepWith(network.on(name, '.local/bin/left status --share share').stdout)).toBe(2)
    },
  )
})

function inStepWith(status: string): number {
  return status.match(/^ +10\.88\.0\.\d+ +in step/gm)?.length ?? 0
}
