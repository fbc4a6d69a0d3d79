// The browser of this machine, for tests of the page: a Chromium that is installed, never one that is downloaded.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type Browser, chromium } from 'playwright-core'
import { isSuperuser } from '../../src/app/superuser.js'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** LEFT_BROWSER, or what is on the path; undefined where there is none. */
export const BROWSER =
  process.env.LEFT_BROWSER ??
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((file) => existsSync(file))

if (BROWSER === undefined)
  process.stderr.write('no Chromium is installed here: the tests of the page in a browser are skipped\n')

/** `rules` are Chromium's --host-resolver-rules, for names that lead elsewhere. Its home is a folder that goes with it. */
export async function openBrowser(rules?: string): Promise<Browser> {
  const home = mkdtempSync(join(tmpdir(), 'left-browser-'))
  const args = [
    // A container's user is root, where Chromium has no sandbox, and its /dev/shm is small.
    ...(isSuperuser() ? ['--no-sandbox'] : []),
    '--disable-dev-shm-usage',
    '--disable-gpu',
    ...(rules === undefined ? [] : [`--host-resolver-rules=${rules}`]),
  ]
  const { XDG_CONFIG_HOME: _, XDG_CACHE_HOME: __, ...environment } = process.env
  const env = { ...environment, HOME: home } as Record<string, string>
  const browser = await chromium.launch({ executablePath: BROWSER!, args, env })
  browser.on('disconnected', () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }))
  return browser
}
