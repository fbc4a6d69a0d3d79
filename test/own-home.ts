// Vitest's set-up of each file: a home of its own, for its in-process calls and for what it spawns, so that no test
// reads or writes the home of whoever runs it. It stays empty: a test that needs a configuration names a folder for it.

import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'

const home = mkdtempSync(join(realpathSync(tmpdir()), 'left-home-'))
Object.assign(process.env, {
  HOME: home,
  USERPROFILE: home,
  APPDATA: home,
  XDG_CONFIG_HOME: join(home, '.config'),
  XDG_STATE_HOME: join(home, '.local/state'),
  XDG_CACHE_HOME: join(home, '.cache'),
  XDG_DATA_HOME: join(home, '.local/share'),
})
delete process.env.LEFT_PASSPHRASE

afterAll(() => {
  const found = readdirSync(home, { recursive: true })
  rmSync(home, { recursive: true, force: true })
  expect(found, `what a test left in ${home}`).toEqual([])
})
