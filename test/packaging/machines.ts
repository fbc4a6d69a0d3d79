// Machines of a local network that are reached by ssh: network namespaces, each with a real sshd and with an empty home of its own
// in place of the user's. Nothing of /etc/ssh or of the user's ~/.ssh is read or written. Linux, as root.

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { Bridge, type BridgeHost, whyNoBridge } from '../../harness/peers/bridge.js'
import { waitUntil } from '../../harness/peers/wait.js'
import { ROOT } from './npm-package.js'

const SSHD = '/usr/sbin/sshd'

/** sshd gives what it starts no more than that. */
const PATH = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`

export interface Machine {
  /** As ssh and deploy.sh name it. */
  readonly name: string
  readonly host: string
  /** Its home, as this process reaches it. */
  readonly home: string
}

/** Why there cannot be any; undefined where there can. */
export function whyNoMachines(): string | undefined {
  const why = whyNoBridge()
  if (why !== undefined) return why
  if (!existsSync(SSHD)) return `${SSHD} is not installed`
  // Where they stand, the homes of the machines will be.
  const isHidden = [process.execPath, ROOT].some((path) => path.startsWith(`${userInfo().homedir}/`))
  return isHidden ? 'Node or this checkout is in the home of root' : undefined
}

export class Machines {
  readonly machines: readonly Machine[]
  private readonly bridge: Bridge
  private readonly config: string
  /** Where ssh runs. */
  private readonly person: BridgeHost
  private readonly daemons: ChildProcess[] = []

  /** Close it whatever happens. `folder` is empty. */
  constructor(folder: string, count: number) {
    this.config = join(folder, 'ssh_config')
    this.bridge = new Bridge({ count: count + 1 })
    this.person = this.bridge.hosts[count]!
    for (const key of ['key', 'host_key'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, key)])
    copyFileSync(join(folder, 'key.pub'), join(folder, 'authorized_keys'))
    writeSettings(folder, this.config)
    this.machines = this.bridge.hosts.slice(0, count).map(({ namespace, host }, index) => {
      const home = join(folder, `home-${index + 1}`)
      mkdirSync(home)
      this.daemons.push(startSshd(namespace, { home, settings: join(folder, 'sshd_config') }))
      return { name: `${userInfo().username}@${host}`, host, home }
    })
  }

  /** For LEFT_DEPLOY_SSH. */
  get ssh(): string {
    return `ssh -F ${this.config}`
  }

  async untilReached(): Promise<void> {
    for (const { name } of this.machines)
      await waitUntil(`${name} by ssh`, () => this.on(name, 'true').status === 0, {
        timeoutMs: 30_000,
        pollMs: 200,
      })
  }

  on(name: string, command: string) {
    return this.run(['ssh', '-F', this.config, name, command])
  }

  /** On the machine of the person who deploys. */
  run(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
    return spawnSync('ip', ['netns', 'exec', this.person.namespace, ...words], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  /** With all that runs on them. */
  async close(): Promise<void> {
    const gone = this.daemons.map((daemon) => new Promise((resolve) => daemon.once('exit', resolve)))
    for (const { namespace } of this.bridge.hosts) for (const pid of processesIn(namespace)) killIfThere(pid)
    await Promise.all(gone)
    this.bridge.close()
  }
}

function writeSettings(folder: string, config: string): void {
  writeFileSync(
    join(folder, 'sshd_config'),
    [
      `HostKey ${folder}/host_key`,
      `AuthorizedKeysFile ${folder}/authorized_keys`,
      'PidFile none',
      // The folder for temporary files is everybody's.
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'PermitRootLogin prohibit-password',
      `SetEnv PATH=${PATH}`,
    ].join('\n'),
  )
  writeFileSync(
    config,
    [
      `IdentityFile ${folder}/key`,
      'IdentitiesOnly yes',
      'IdentityAgent none',
      `UserKnownHostsFile ${folder}/known_hosts`,
      'GlobalKnownHostsFile /dev/null',
      'StrictHostKeyChecking accept-new',
      'BatchMode yes',
      'LogLevel ERROR',
    ].join('\n'),
  )
}

/** `ip netns exec` has mounts of its own, which go with its processes. */
function startSshd(namespace: string, { home, settings }: { home: string; settings: string }): ChildProcess {
  const script = `
    mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd && mount --bind "$1" "$2" && cd / && exec ${SSHD} -D -e -f "$3"`
  const words = ['sh', '-c', script, 'sh', home, userInfo().homedir, settings]
  return spawn('ip', ['netns', 'exec', namespace, ...words], { stdio: 'ignore' })
}

function processesIn(namespace: string): number[] {
  const { stdout } = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' })
  return stdout.split('\n').filter(Boolean).map(Number)
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
