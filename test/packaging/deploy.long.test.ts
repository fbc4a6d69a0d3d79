// deploy.sh as a person runs it: real ssh, three machines with empty homes, no registry.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { waitUntil } from '../../harness/peers/wait.js'
import { temporaryFolder } from '../io/temporary-folder.js'
import { Machines, whyNoMachines } from './machines.js'
import { pack, ROOT } from './npm-package.js'

const DEPLOY = join(ROOT, 'scripts/deploy.sh')

describe('scripts/deploy.sh on three machines', () => {
  it('installs by ssh and has them keep a folder the same, also the second time', async ({ skip }) => {
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
  })
})

function inStepWith(status: string): number {
  return status.match(/^ +10\.88\.0\.\d+ +in step/gm)?.length ?? 0
}
