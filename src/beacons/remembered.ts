/** The last so many texts, the one that was added first forgotten first. Pure. */
export class Remembered {
  private readonly texts = new Set<string>()

  constructor(private readonly countMax: number) {}

  get size(): number {
    return this.texts.size
  }

  has(text: string): boolean {
    return this.texts.has(text)
  }

  add(text: string): void {
    this.texts.delete(text)
    this.texts.add(text)
    if (this.texts.size > this.countMax) this.texts.delete(this.texts.values().next().value!)
  }

  clear(): void {
    this.texts.clear()
  }
}
