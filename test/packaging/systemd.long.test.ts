// The units under a real service manager: what the sandbox refuses, no reading of them shows.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { waitUntil } from '../../harness/peers/wait.js'
import { temporaryFolder } from '../io/temporary-folder.js'
import { installed, ROOT } from './npm-package.js'
import { ServiceManager, UNITS, whyNoServiceManager } from './service-manager.js'

const WAITING = { timeoutMs: 60_000, pollMs: 200 }

it('left@NAME.service and left.service of a user start, keep shares the same, stop in order and come back', async ({
  skip,
}) => {
  const why = whyNoServiceManager()
  skip(why !== undefined, why)
  const folder = join(temporaryFolder(), 'machine')
  mkdirSync(folder)
  const machine = new ServiceManager(installed(), folder)
  onTestFinished(() => machine.close())
  await machine.untilBooted()
  const until = (what: string, script: string) =>
    waitUntil(what, () => machine.run('sh', '-euc', script).status === 0, WAITING)

  // One share where the unit lets everything stand, and one where persons have theirs.
  machine.script(`
    mkdir -p /etc/left /srv/left && chown left: /srv/left
    printf 'ip = "127.0.0.1:22002"\\nport = 22001\\nshare = "/var/lib/left/a"\\n' > /etc/left/a.toml
    printf 'ip = "127.0.0.1:22001"\\nport = 22002\\nshare = "/srv/left/b"\\n' > /etc/left/b.toml
    systemctl start left@a left@b`)
  const status = 'runuser -u left -- left status --share'
  await until('both in step', `${status} /srv/left/b | grep -q '127.0.0.1:22001 *in step'`)
  machine.script('echo hello > /var/lib/left/a/file && chown left: /var/lib/left/a/file')
  await until('the file', 'grep -q hello /srv/left/b/file')

  machine.script('systemctl stop left@b')
  const ended = machine.script('systemctl show -p Result -p ExecMainStatus -p ActiveState left@b').split('\n')
  expect(ended.sort()).toEqual(['', 'ActiveState=inactive', 'ExecMainStatus=0', 'Result=success'])
  machine.script('systemctl kill --kill-whom=main --signal=KILL left@a')
  await until('a restart', "systemctl show -p NRestarts left@a | grep -q '=1' && systemctl is-active left@a")
  machine.script('systemctl start left@b')
  await until('both in step again', `${status} /srv/left/b | grep -q '127.0.0.1:22001 *in step'`)

  // A refusal to start waits for a person.
  machine.script(`printf 'ip = 7\\n' > /etc/left/wrong.toml && systemctl start left@wrong`)
  await until('a refusal', 'systemctl is-failed left@wrong')
  expect(
    machine.script('systemctl show -p NRestarts -p ExecMainStatus left@wrong').split('\n').sort(),
  ).toEqual(['', 'ExecMainStatus=2', 'NRestarts=0'])

  // The service manager of a user, as logind would start it; deploy.sh finds it.
  machine.script(`
    runtime=/run/user/$(id -u left)
    mkdir -p "$runtime" && chown left: "$runtime" && chmod 700 "$runtime"
    printf '[Service]\\nUser=left\\nType=notify\\nDelegate=yes\\nEnvironment=XDG_RUNTIME_DIR=%s\\nExecStart=/lib/systemd/systemd --user\\n' "$runtime" > ${UNITS}/of-user.service
    systemctl daemon-reload && systemctl start of-user
    printf 'ip = "127.0.0.1:22001"\\nport = 22003\\nshare = "/var/lib/left/c"\\n' > /var/lib/left/.config/left/left.toml`)
  const said = machine.script(
    `runuser -u left -- sh -s -- /usr/local start < ${ROOT}/scripts/deploy/on-machine.sh`,
  )
  expect(said).toContain('started as left.service of left')
  await until('the peer of the user', `${status} /var/lib/left/c | grep -q '^left '`)
  const stopped = machine.script(`runuser -u left -- sh -euc "
    export XDG_RUNTIME_DIR=/run/user/$(id -u left)
    systemctl --user stop left && systemctl --user show -p Result -p ExecMainStatus left"`)
  expect(stopped.split('\n').sort()).toEqual(['', 'ExecMainStatus=0', 'Result=success'])
})
