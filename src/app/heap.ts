// Which options of V8 may be used: those that the Node that runs knows. How the growth of a heap is used is in io/heap-growth.ts.

import { execFile } from 'node:child_process'
import process from 'node:process'
import { OPTION_LOOK_MS_MAX } from './limits.js'

/** Whether this Node starts with the option. One that it does not know ends it at once ("bad option"); `--version` ends it
 *  before it does anything else. Takes 4 to 16 ms. */
export function knowsOption(option: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(process.execPath, [option, '--version'], { timeout: OPTION_LOOK_MS_MAX }, (error) =>
      resolve(error === null),
    )
  })
}

/** Those of the options that this Node starts with. They are looked for at the same time. */
export async function knownOptions(options: readonly string[]): Promise<readonly string[]> {
  const known = await Promise.all(options.map(knowsOption))
  return options.filter((_, index) => known[index])
}
