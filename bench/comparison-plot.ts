// Draws a comparison as an SVG: one group of bars for each link, as long as the program's rate is beside the link's
// limit, or beside the fastest where the link has none.

import { figuresOf, type Result } from './compare.js'

const BAR = { height: 15, gap: 3 }
const GROUP_GAP = 44
const MARGIN = { left: 130, right: 150, top: 92, bottom: 30 }
const WIDTH = 560
const INK = '#1f2430'
const FAINT = '#7a8194'
const GRID = '#e6e8ee'
const COLOURS: readonly (readonly [string, string])[] = [
  ['left plain', '#2e8b57'],
  ['left', '#1f6f8b'],
]
const COLOUR_OF_OTHERS = '#b9bfcc'

export function drawComparison(title: string, results: readonly Result[]): string {
  let y = MARGIN.top
  const groups: string[] = []
  for (const result of results) {
    const { title: name, limitMbPerS, figures } = figuresOf(result)
    const fastest = Math.max(...figures.map(({ mbPerS }) => (Number.isFinite(mbPerS) ? mbPerS : 0)))
    const full = limitMbPerS ?? fastest
    const height = figures.length * (BAR.height + BAR.gap)
    const limit = limitMbPerS === undefined ? 'no limit' : `limit ${limitMbPerS.toFixed(1)} MB/s`
    groups.push(
      text(MARGIN.left, y - 8, name, { size: 14, weight: 600 }),
      text(MARGIN.left + WIDTH, y - 8, limit, { anchor: 'end', colour: FAINT }),
      `<rect x="${MARGIN.left}" y="${y}" width="${WIDTH}" height="${height}" fill="${GRID}" opacity="0.5"/>`,
    )
    for (const { program, mbPerS } of figures) {
      const isThere = Number.isFinite(mbPerS)
      const width = isThere && full > 0 ? Math.round(Math.min(1.04, mbPerS / full) * WIDTH * 10) / 10 : 0
      const colour = COLOURS.find(([own]) => own === program)?.[1] ?? COLOUR_OF_OTHERS
      const label = isThere ? `${mbPerS.toFixed(1)} MB/s` : 'did not end'
      groups.push(
        text(MARGIN.left - 10, y + 12, program, { anchor: 'end' }),
        `<rect x="${MARGIN.left}" y="${y}" width="${width}" height="${BAR.height}" fill="${colour}"/>`,
        text(MARGIN.left + WIDTH + 10, y + 12, label, { colour: FAINT }),
      )
      y += BAR.height + BAR.gap
    }
    y += GROUP_GAP
  }
  const width = MARGIN.left + WIDTH + MARGIN.right
  const height = y + MARGIN.bottom - GROUP_GAP
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    ` font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif" font-size="13" fill="${INK}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(MARGIN.left, 34, title, { size: 20, weight: 600 }),
    text(MARGIN.left, 54, 'Medians; a full bar is the link’s limit, or the fastest program.', {
      colour: FAINT,
    }),
    ...groups,
    '</svg>',
    '',
  ].join('\n')
}

interface TextStyle {
  readonly size?: number
  readonly weight?: number
  readonly anchor?: 'start' | 'end'
  readonly colour?: string
}

function text(
  x: number,
  y: number,
  words: string,
  { size = 13, weight = 400, anchor = 'start', colour = INK }: TextStyle,
) {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${colour}">${safe}</text>`
}
