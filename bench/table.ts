// Tables for a terminal: columns as wide as they must be, numbers to the right.

/** The first column is words, the rest figures. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, index) =>
    Math.max(...[head, ...rows].map((row) => (row[index] ?? '').length), cell.length),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[index]!) : cell.padStart(widths[index]!)))
      .join('  ')
      .trimEnd()
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n')
}

export function formatFigure(value: number | undefined, digits = 2): string {
  return value === undefined || !Number.isFinite(value) ? '–' : value.toFixed(digits)
}

export function formatPercent(part: number | undefined, digits = 1): string {
  return part === undefined || !Number.isFinite(part) ? '–' : `${(100 * part).toFixed(digits)}%`
}
