// Rates, round-trip times and loss over the last minutes. uPlot draws them; without it there are none. The figures beside it say
// the same in words.

import type uPlotType from 'uplot'
import { formatRate } from '../cli/format.js'
import { printable } from '../cli/names.js'
import type { PeerStatus, Status } from '../control/status.js'
import { element, type Section, section, setText } from './dom.js'
import { colourOf } from './peer-colours.js'
import { formatMs } from './peers.js'

/** Of the script that index.html names; undefined where it is not installed. */
declare const uPlot: typeof uPlotType | undefined

/** Ten minutes of one a second. */
const POINTS_MAX = 600
/** Lines of the charts about peers. */
const PEERS_MAX = 4
const HEIGHT = 150
/** How often a point is added while nothing changes, milliseconds. */
const REPEAT_MS = 5_000

const RATES = ['receiving', 'sending'] as const

interface Plot {
  readonly title: string
  readonly format: (value: number) => string
  /** One for each line. */
  values: (number | null)[]
  readonly lines: (number | null)[][]
  readonly figure: HTMLElement
  readonly caption: HTMLElement
  chart: uPlotType | undefined
}

export class Charts {
  private readonly section: Section | undefined
  private readonly times: number[] = []
  private readonly plots: readonly Plot[]
  /** Addresses of the lines of peers. */
  private peers: readonly string[] = []
  private repeat: ReturnType<typeof setTimeout> | undefined

  constructor() {
    this.plots = [
      plotOf('Rates', formatRate),
      plotOf('Round trip', formatMs),
      plotOf('Loss', (percent) => `${Number(percent.toFixed(2))}%`),
    ]
    if (typeof uPlot === 'undefined') return
    this.section = section('charts', 'Over time')
    this.section.body.append(element('div', { class: 'plots' }, ...this.plots.map(({ figure }) => figure)))
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw())
    new ResizeObserver(() => {
      for (const { chart, figure } of this.plots)
        if (chart !== undefined && chart.width !== figure.clientWidth)
          chart.setSize({ width: figure.clientWidth, height: HEIGHT })
    }).observe(this.section.body)
    document.addEventListener('visibilitychange', () => this.draw())
  }

  update({ peers }: Status): void {
    if (this.section === undefined) return
    const here = peers.filter(({ rttMs }) => rttMs !== null).slice(0, PEERS_MAX)
    const known = [
      ...this.peers,
      ...here.map(({ address }) => address).filter((each) => !this.peers.includes(each)),
    ]
    if (known.length > this.peers.length && this.peers.length < PEERS_MAX)
      this.addPeers(known.slice(0, PEERS_MAX))
    const sum = (value: (peer: PeerStatus) => number) => peers.reduce((all, peer) => all + value(peer), 0)
    const of = (value: (peer: PeerStatus) => number | null) =>
      this.peers.map((address) => {
        const peer = peers.find((each) => each.address === address)
        return peer === undefined ? null : value(peer)
      })
    const [rates, rtt, loss] = this.plots as [Plot, Plot, Plot]
    rates.values = [sum((peer) => peer.receivedBytesPerS), sum((peer) => peer.sentBytesPerS)]
    rtt.values = of((peer) => peer.rttMs)
    loss.values = of((peer) => (peer.loss === null ? null : 100 * peer.loss))
    this.addPoint()
  }

  private addPoint(): void {
    clearTimeout(this.repeat)
    this.times.push(Date.now() / 1_000)
    for (const { lines, values } of this.plots)
      for (const [index, value] of values.entries()) lineOf(lines, index, this.times.length - 1).push(value)
    if (this.times.length > POINTS_MAX) {
      this.times.shift()
      for (const { lines } of this.plots) for (const line of lines) line.shift()
    }
    this.draw()
    // Nothing is told while nothing changes, and time goes on.
    this.repeat = setTimeout(() => this.addPoint(), REPEAT_MS)
  }

  private addPeers(addresses: readonly string[]): void {
    this.peers = addresses
    for (const { chart } of this.plots.slice(1)) chart?.destroy()
    for (const plot of this.plots.slice(1)) plot.chart = undefined
  }

  private redraw(): void {
    for (const plot of this.plots) {
      plot.chart?.destroy()
      plot.chart = undefined
    }
    this.draw()
  }

  private draw(): void {
    if (document.hidden || this.section === undefined) return
    for (const [index, plot] of this.plots.entries()) {
      const names = index === 0 ? RATES : this.peers
      if (names.length === 0) continue
      caption(plot, names)
      plot.chart ??= chartOf(plot, names, this.times)
      plot.chart.setData([this.times, ...plot.lines.slice(0, names.length)] as uPlotType.AlignedData)
    }
  }
}

/** With a value for each point before: nothing was known then. */
function lineOf(lines: (number | null)[][], index: number, before: number): (number | null)[] {
  lines[index] ??= new Array(before).fill(null)
  return lines[index]
}

function plotOf(title: string, format: (value: number) => string): Plot {
  const caption = element('figcaption')
  const figure = element('figure', {}, caption)
  return { title, format, values: [], lines: [], figure, caption, chart: undefined }
}

/** Title, and each line with its newest value: what a screen reader reads of a chart. */
function caption({ title, format, values, caption }: Plot, names: readonly string[]): void {
  if (caption.childElementCount !== names.length + 1)
    caption.replaceChildren(
      element('strong', {}, title),
      ...names.map((name) => element('span', { class: `key ${kindOf(name)}` })),
    )
  for (const [index, name] of names.entries()) {
    const value = values[index]
    const words = value === null || value === undefined ? '–' : format(value)
    setText(caption.children[index + 1]!, names.length === 1 ? words : `${printable(name)} ${words}`)
  }
}

/** As page.css names colours. */
function kindOf(name: string): string {
  if (name === RATES[0]) return 'here'
  return name === RATES[1] ? 'some' : colourOf(name)
}

/** Seconds since 1970 as the time of day here. */
function clock(seconds: number): string {
  return new Date(1_000 * seconds).toLocaleTimeString([], { hour12: false })
}

function chartOf(plot: Plot, names: readonly string[], times: readonly number[]): uPlotType {
  const style = getComputedStyle(document.documentElement)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const axis = {
    stroke: colour('--dim'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  }
  const options: uPlotType.Options = {
    width: plot.figure.clientWidth,
    height: HEIGHT,
    // Room for half of the last time.
    padding: [null, 28, null, null],
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, space: 70, size: 30, values: (_, splits) => splits.map(clock) },
      {
        ...axis,
        size: 74,
        values: (_, splits) => splits.map((value) => plot.format(value)),
      },
    ],
    series: [
      {},
      ...names.map((label) => ({
        label,
        stroke: colour(`--${kindOf(label)}`),
        width: 2,
        points: { show: false },
        ...(label === RATES[0] ? { fill: `${colour('--here')}22` } : {}),
      })),
    ],
  } as uPlotType.Options
  const data = [times, ...plot.lines.slice(0, names.length)] as uPlotType.AlignedData
  const chart = new uPlot!(options, data, plot.figure)
  chart.root.setAttribute('aria-hidden', 'true')
  return chart
}
