// Which options of V8 may be used: those that the Node that runs knows. How the growth of a heap is used is in io/heap-growth.ts.

import { execFile } from 'node:child_process'
import process from 'node:process'
import { KNOWN_OPTIONS, OPTION_LOOK_MS_MAX } from './limits.js'

/** Whether this Node starts with the option. Another V8 than those of KNOWN_OPTIONS is asked. */
export async function knowsOption(option: string, v8 = process.versions.v8): Promise<boolean> {
  const [version] = /^\d+\.\d+/.exec(v8) ?? []
  const known = KNOWN_OPTIONS.get(version ?? '')
  return known?.includes(option) ?? startsWith(option)
}

/** A Node that does not know the option ends at once ("bad option"); `--version` ends it before it does anything else. */
export function startsWith(option: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(process.execPath, [option, '--version'], { timeout: OPTION_LOOK_MS_MAX }, (error) =>
      resolve(error === null),
    )
  })
}

/** Those of the options that this Node starts with. They are looked for at the same time. */
export async function knownOptions(options: readonly string[]): Promise<readonly string[]> {
  const known = await Promise.all(options.map((option) => knowsOption(option)))
  return options.filter((_, index) => known[index])
}
