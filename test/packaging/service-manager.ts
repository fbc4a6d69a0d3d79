// A machine with a service manager: systemd as the first process of namespaces of its own, over copies of /etc, /var and /usr/local that go
// with it. Only the units that a test brings are there, and nothing of the machine around it is changed. Linux, as root.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { waitUntil } from '../../harness/peers/wait.js'
import { ROOT } from './npm-package.js'

const SYSTEMD = ['/usr/lib/systemd/systemd', '/lib/systemd/systemd'].find(existsSync)

/** Where units are, in the machine. */
export const UNITS = '/etc/left-test'

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const NAMESPACES = ['--pid', '--mount', '--uts', '--ipc', '--net', '--cgroup']

/** Why there cannot be any; undefined where there can. */
export function whyNoServiceManager(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'namespaces are Linux’s, and need root'
  if (SYSTEMD === undefined) return 'systemd is not installed'
  if (!PATH.split(':').includes(dirname(process.execPath))) return 'Node is where no unit looks for it'
  if (controlGroups() === undefined) return 'no control groups of version 2 are mounted'
  const overlay =
    'mount -t tmpfs tmpfs /mnt && cd /mnt && mkdir u w && mount -t overlay -o lowerdir=/etc,upperdir=u,workdir=w overlay /etc'
  return spawnSync('unshare', [...NAMESPACES, '--fork', 'sh', '-c', overlay]).status === 0
    ? undefined
    : 'this kernel has no overlay file system, or no namespaces'
}

export class ServiceManager {
  private readonly group: string
  private readonly child: ChildProcess
  private output = ''

  /** `prefix` is copied into /usr/local; `folder` is a mount point. Close it whatever happens. */
  constructor(prefix: string, folder: string) {
    this.group = join(controlGroups()!, `left-test-${process.pid}`)
    mkdirSync(this.group)
    const words = [
      'unshare',
      ...NAMESPACES,
      '--fork',
      '--kill-child',
      'sh',
      '-c',
      BOOT,
      'sh',
      folder,
      prefix,
      ROOT,
    ]
    const enter = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"'
    this.child = spawn('sh', ['-c', enter, 'sh', this.group, ...words], {
      env: { PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', (text) => {
        this.output += text
      })
  }

  async untilBooted(): Promise<void> {
    const isBooted = () => {
      if (this.child.exitCode !== null) throw new Error(`systemd has ended: ${this.output}`)
      return this.first !== undefined && this.run('systemctl', 'is-active', 'default.target').status === 0
    }
    await waitUntil('systemd', isBooted, { timeoutMs: 60_000, pollMs: 200 })
  }

  /** In the machine, as its root. */
  run(...words: string[]) {
    const enter = ['--target', this.first!, '--all', '--']
    return spawnSync('nsenter', [...enter, ...words], {
      encoding: 'utf8',
      env: { PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  /** @throws where the script fails. */
  script(text: string): string {
    const { status, stdout, stderr } = this.run('sh', '-euc', text)
    if (status !== 0) throw new Error(`${text}\nended with ${status}: ${stdout}${stderr}`)
    return stdout
  }

  async close(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('close', resolve))
    this.child.kill('SIGKILL')
    await gone
    // They are empty a moment after the processes are gone.
    const isRemoved = () => !existsSync(this.group) || removeGroups(this.group)
    await waitUntil('control groups to be empty', isRemoved, { timeoutMs: 10_000, pollMs: 100 })
  }

  /** Its pid here; undefined until it is there. */
  private get first(): string | undefined {
    const { pid } = this.child
    const children = `/proc/${pid}/task/${pid}/children`
    return (existsSync(children) && readFileSync(children, 'utf8').trim()) || undefined
  }
}

/** The targets that units name stand in for those of a distribution: nothing else starts. */
const BOOT = `
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
for folder in etc var usr/local; do
  mkdir -p "$1/$folder/upper" "$1/$folder/work"
  mount -t overlay -o "lowerdir=/$folder,upperdir=$1/$folder/upper,workdir=$1/$folder/work" overlay "/$folder"
done
mount -t tmpfs tmpfs /srv
mount -t tmpfs tmpfs /run
mount -t proc proc /proc
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
cp -a "$2/." /usr/local/
mkdir ${UNITS}
for target in default network sysinit basic shutdown multi-user; do
  printf '[Unit]\\nDescription=%s\\n' "$target" > ${UNITS}/$target.target
done
cp "$3"/packaging/systemd/system/* ${UNITS}/
systemd-sysusers "$3"/packaging/systemd/sysusers/left.conf
export container=left-test SYSTEMD_UNIT_PATH=${UNITS}
exec ${SYSTEMD} --system --show-status=no --log-target=console
`

function controlGroups(): string | undefined {
  return /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1]
}

/** Answers whether all are gone. */
function removeGroups(group: string): boolean {
  try {
    for (const entry of readdirSync(group, { withFileTypes: true }))
      if (entry.isDirectory()) removeGroups(join(group, entry.name))
    rmdirSync(group)
    return true
  } catch {
    return false
  }
}
