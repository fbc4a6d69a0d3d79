// One colour for each peer, the same in charts and in maps of blocks. Used by Charts and Transfers.

const LETTERS = ['a', 'b', 'c', 'd'] as const

const known: string[] = []

/** Of four, as page.css names them: `from-a` to `from-d`. Peers that come later share the last one. */
export function colourOf(address: string): string {
  if (!known.includes(address) && known.length < LETTERS.length) known.push(address)
  const index = known.indexOf(address)
  return `from-${LETTERS[index] ?? 'd'}`
}
