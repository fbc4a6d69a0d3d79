// An SSH server of the bench's own on the source's host, and the words of the clients that pull through it. Keys, configuration and
// known hosts are in the sandbox: nothing of the person's or of the machine's SSH is read or written. Used by bench:peers.

import { type ChildProcess, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { basename, join } from 'node:path'
import type { Sandbox } from '../harness/peers/sandbox.js'
import { spawnAt, untilListening } from './others.js'
import type { Testbed } from './testbed.js'

export const SSH_CIPHER = 'aes128-gcm@openssh.com'
const PORT = 8_722
/** sshd wants to be started by its whole path. */
const SSHD = ['/usr/sbin/sshd', '/usr/bin/sshd', '/usr/local/sbin/sshd'].find(existsSync)

export function hasSsh(): boolean {
  try {
    execFileSync('ssh', ['-V'], { stdio: 'ignore' })
    return SSHD !== undefined
  } catch {
    return false
  }
}

interface Keys {
  readonly folder: string
  readonly host: string
  readonly user: string
}

/** Made once for each bench. */
function keysIn(sandbox: Sandbox): Keys {
  const folder = sandbox.path('ssh')
  const [host, user] = ['host', 'user'].map((name) => join(folder, name)) as [string, string]
  if (!existsSync(folder)) {
    mkdirSync(folder, { mode: 0o700 })
    for (const key of [host, user])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key])
  }
  return { folder, host, user }
}

export async function startSshd(sandbox: Sandbox, { source }: Testbed): Promise<ChildProcess> {
  const { folder, host, user } = keysIn(sandbox)
  const config = join(folder, 'sshd_config')
  const lines = [
    `Port ${PORT}`,
    `ListenAddress ${source.endpoint.host}`,
    `AuthorizedKeysFile ${user}.pub`,
    // The sandbox lies where others may write beside it.
    'StrictModes no',
    'PidFile none',
    'UsePAM no',
    'UseDNS no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'PermitUserRC no',
    `Ciphers ${SSH_CIPHER}`,
    'Compression no',
    'LogLevel ERROR',
    'Subsystem sftp internal-sftp',
  ]
  writeFileSync(config, `${lines.join('\n')}\n`)
  // sshd refuses to start without /run/sshd. A namespace's processes have mounts of their own.
  const prepare = 'mount -t tmpfs run /run && mkdir -m 755 /run/sshd && exec "$@"'
  const words = ['sh', '-c', prepare, 'sh', SSHD!, '-D', '-e', '-f', config, '-h', host]
  const daemon = spawnAt(source, sandbox, words)
  await untilListening(source, { host: source.endpoint.host, port: PORT })
  return daemon
}

/** Pulls a file or folder into `into` with rsync. */
export function rsyncOverSsh(sandbox: Sandbox, testbed: Testbed, path: string, into: string): string[] {
  const shell = ['ssh', ...clientOptions(sandbox, testbed)].join(' ')
  return ['rsync', '-a', '-e', shell, remote(testbed, path), `${into}/`]
}

/** Pulls a file or folder into `into`, with times and modes as rsync keeps them. */
export function scp(sandbox: Sandbox, testbed: Testbed, path: string, into: string): string[] {
  const options = clientOptions(sandbox, testbed)
  return ['scp', '-q', '-r', '-p', ...options, remote(testbed, path), join(into, basename(path))]
}

function remote({ source }: Testbed, path: string): string {
  return `${userInfo().username}@${source.endpoint.host}:${path}`
}

function clientOptions(sandbox: Sandbox, { source }: Testbed): string[] {
  const { folder, host, user } = keysIn(sandbox)
  const known = join(folder, 'known_hosts')
  writeFileSync(known, `[${source.endpoint.host}]:${PORT} ${readFileSync(`${host}.pub`, 'utf8')}`)
  const options = {
    Port: PORT,
    IdentityFile: user,
    IdentitiesOnly: 'yes',
    IdentityAgent: 'none',
    UserKnownHostsFile: known,
    GlobalKnownHostsFile: 'none',
    StrictHostKeyChecking: 'yes',
    BatchMode: 'yes',
    Ciphers: SSH_CIPHER,
    Compression: 'no',
  }
  return ['-F', 'none', ...Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])]
}
