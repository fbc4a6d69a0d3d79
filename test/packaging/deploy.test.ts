import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../io/temporary-folder.js'
import { ROOT } from './npm-package.js'

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
