// How fast the heap of this process may grow, by how large it is. The option is V8's own: whoever makes one has seen that the Node
// that runs knows it (app/heap.ts).

import { setFlagsFromString } from 'node:v8'

/** Options of V8 for a heap of at most `smallBytesMax` in use, and for a larger one. */
export interface Growths {
  readonly smallBytesMax: number
  readonly small: string
  readonly large: string
}

/** Fast while it is small. V8 reads the option at each collection. */
export class HeapGrowth {
  private growth: string | undefined

  constructor(
    private readonly growths: Growths,
    private readonly setFlag: (flag: string) => void = setFlagsFromString,
  ) {
    this.handleSize(0)
  }

  /** To be called now and then with the bytes in use. */
  handleSize(usedBytes: number): void {
    const { smallBytesMax, small, large } = this.growths
    const growth = usedBytes > smallBytesMax ? large : small
    if (growth !== this.growth) this.setFlag(growth)
    this.growth = growth
  }
}
