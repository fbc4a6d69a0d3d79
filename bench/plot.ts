// Draws curves as an SVG that a person can open: panels side by side, each with the same axes. Used by the benches.

export interface Curve {
  readonly name: string
  readonly colour: string
  /** In the order of x. */
  readonly points: readonly { readonly x: number; readonly y: number }[]
}

export interface Panel {
  readonly title: string
  readonly curves: readonly Curve[]
}

export interface Chart {
  readonly title: string
  readonly subtitle: string
  readonly xLabel: string
  readonly yLabel: string
  /** Logarithmic; 0 stands left of the least other tick. */
  readonly xTicks: readonly number[]
  readonly xText: (x: number) => string
  readonly yTicks: readonly number[]
  readonly yText: (y: number) => string
  readonly panels: readonly Panel[]
}

const PANEL = { width: 400, height: 250 }
const GAP = { x: 64, y: 74 }
const MARGIN = { left: 78, right: 34, top: 128, bottom: 62 }
const COLUMNS = 2
const INK = '#1f2430'
const FAINT = '#7a8194'
const GRID = '#e6e8ee'

export function drawChart(chart: Chart): string {
  const columns = Math.min(COLUMNS, chart.panels.length)
  const rows = Math.ceil(chart.panels.length / columns)
  const width = MARGIN.left + columns * PANEL.width + (columns - 1) * GAP.x + MARGIN.right
  const height = MARGIN.top + rows * PANEL.height + (rows - 1) * GAP.y + MARGIN.bottom
  const panels = chart.panels.map((panel, index) => {
    const x = MARGIN.left + (index % columns) * (PANEL.width + GAP.x)
    const y = MARGIN.top + Math.floor(index / columns) * (PANEL.height + GAP.y)
    return `<g transform="translate(${x} ${y})">\n${drawPanel(chart, panel)}\n</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    ` font-family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif" font-size="13" fill="${INK}">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${MARGIN.left}" y="38" font-size="21" font-weight="600">${escapeXml(chart.title)}</text>`,
    `<text x="${MARGIN.left}" y="60" fill="${FAINT}">${escapeXml(chart.subtitle)}</text>`,
    drawLegend(chart.panels[0]?.curves ?? []),
    ...panels,
    '</svg>',
    '',
  ].join('\n')
}

function drawLegend(curves: readonly Curve[]): string {
  const keys = curves.map(
    ({ name, colour }, index) =>
      `<g transform="translate(${index * 150} 0)"><line x1="0" x2="26" y1="0" y2="0" stroke="${colour}" stroke-width="3"/>` +
      `<circle cx="13" cy="0" r="4" fill="${colour}"/><text x="34" y="4.5">${escapeXml(name)}</text></g>`,
  )
  return `<g transform="translate(${MARGIN.left} 84)">${keys.join('')}</g>`
}

function drawPanel(chart: Chart, panel: Panel): string {
  const x = (value: number) => round(xPosition(chart.xTicks, value) * PANEL.width)
  const yMax = Math.max(...chart.yTicks)
  const y = (value: number) => round((1 - Math.min(value, yMax) / yMax) * PANEL.height)
  const grid = chart.yTicks.map(
    (tick) =>
      `<line x1="0" x2="${PANEL.width}" y1="${y(tick)}" y2="${y(tick)}" stroke="${GRID}"/>` +
      `<text x="-10" y="${y(tick) + 4}" text-anchor="end" fill="${FAINT}">${escapeXml(chart.yText(tick))}</text>`,
  )
  const ticks = chart.xTicks.map(
    (tick) =>
      `<line x1="${x(tick)}" x2="${x(tick)}" y1="${PANEL.height}" y2="${PANEL.height + 5}" stroke="${FAINT}"/>` +
      `<text x="${x(tick)}" y="${PANEL.height + 20}" text-anchor="middle" fill="${FAINT}">${escapeXml(chart.xText(tick))}</text>`,
  )
  const curves = panel.curves.map(({ colour, points }) => {
    const path = points
      .map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.y)}`)
      .join(' ')
    const dots = points.map(
      (point) => `<circle cx="${x(point.x)}" cy="${y(point.y)}" r="3.5" fill="${colour}"/>`,
    )
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.2" stroke-linejoin="round"/>${dots.join('')}`
  })
  return [
    `<text x="0" y="-12" font-size="15" font-weight="600">${escapeXml(panel.title)}</text>`,
    ...grid,
    ...ticks,
    `<line x1="0" x2="${PANEL.width}" y1="${PANEL.height}" y2="${PANEL.height}" stroke="${FAINT}"/>`,
    `<text x="${PANEL.width / 2}" y="${PANEL.height + 42}" text-anchor="middle" fill="${FAINT}">${escapeXml(chart.xLabel)}</text>`,
    `<text transform="translate(-54 ${PANEL.height / 2}) rotate(-90)" text-anchor="middle" fill="${FAINT}">${escapeXml(chart.yLabel)}</text>`,
    ...curves,
  ].join('\n')
}

/** 0 … 1 across the panel: zero at the left edge, then the logarithm of the rest. */
function xPosition(ticks: readonly number[], value: number): number {
  const positive = ticks.filter((tick) => tick > 0)
  const [least, most] = [Math.min(...positive), Math.max(...positive)]
  const zeroPart = ticks.includes(0) ? 0.12 : 0
  if (value <= 0) return 0
  return zeroPart + ((1 - zeroPart) * Math.log(value / least)) / Math.log(most / least)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
