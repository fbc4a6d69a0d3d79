// How fast the heaps of the two processes grow. The option is V8's own, so it is used only where the Node that runs knows it.

import { execFile } from 'node:child_process'
import process from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { ENGINE_HEAP_SMALL_BYTES, OPTION_LOOK_MS_MAX, ROOMY_GROWTH, SMALL_HEAP_GROWTH } from './limits.js'

/** Whether this Node starts with the option. One that it does not know ends it at once ("bad option"); `--version` ends it
 *  before it does anything else. Takes 4 to 16 ms. */
export function knowsOption(option: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(process.execPath, [option, '--version'], { timeout: OPTION_LOOK_MS_MAX }, (error) =>
      resolve(error === null),
    )
  })
}

/** How fast this process's heap may grow, where V8 knows the option: fast while it is small. V8 reads it at each collection. */
export class HeapGrowth {
  private growth: string | undefined

  constructor(private readonly setFlag: (flag: string) => void = setFlagsFromString) {
    this.handleSize(0)
  }

  /** To be called now and then with the bytes in use. */
  handleSize(usedBytes: number): void {
    const growth = usedBytes > ENGINE_HEAP_SMALL_BYTES ? ROOMY_GROWTH : SMALL_HEAP_GROWTH
    if (growth !== this.growth) this.setFlag(growth)
    this.growth = growth
  }
}
