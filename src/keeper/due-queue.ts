/** Former times of keys that the heap holds beside the present ones before it is built anew. */
const STALE_MAX = 64

/** Keys with a time at which each is due: a binary heap, with later changes of a key's time left in the heap and
 *  skipped when they surface; where these are more than the keys, the heap is built anew. */
export class DueQueue {
  private readonly dueOf = new Map<string, number>()
  private heap: { readonly key: string; readonly dueMs: number }[] = []

  get size(): number {
    return this.dueOf.size
  }

  /** Times that are kept, former ones of keys too. */
  get timeCount(): number {
    return this.heap.length
  }

  set(key: string, dueMs: number): void {
    this.dueOf.set(key, dueMs)
    this.push({ key, dueMs })
    this.dropMostStale()
  }

  delete(key: string): void {
    this.dueOf.delete(key)
  }

  /** When this key is due. */
  dueMs(key: string): number | undefined {
    return this.dueOf.get(key)
  }

  /** When the first key is due. */
  nextDueMs(): number | undefined {
    this.dropStale()
    return this.heap[0]?.dueMs
  }

  /** Takes the first key that is due at `nowMs`. */
  take(nowMs: number): string | undefined {
    this.dropStale()
    const first = this.heap[0]
    if (first === undefined || first.dueMs > nowMs) return undefined
    this.dueOf.delete(first.key)
    this.pop()
    return first.key
  }

  /** Drops former times: keys put off again and again, or refused and forgotten, would fill the memory until their first one has come. */
  private dropMostStale(): void {
    if (this.heap.length <= 2 * this.dueOf.size + STALE_MAX) return
    this.heap = []
    for (const [key, dueMs] of this.dueOf) this.push({ key, dueMs })
  }

  private dropStale(): void {
    while (this.heap.length > 0 && this.dueOf.get(this.heap[0]!.key) !== this.heap[0]!.dueMs) this.pop()
  }

  private push(entry: { readonly key: string; readonly dueMs: number }): void {
    const { heap } = this
    let index = heap.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (heap[parent]!.dueMs <= entry.dueMs) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = entry
  }

  private pop(): void {
    const { heap } = this
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.dueMs < heap[child]!.dueMs) child++
      if (heap[child]!.dueMs >= last.dueMs) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
  }
}
