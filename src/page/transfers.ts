// Files of several blocks that are on their way, each with a picture of its blocks: here, under way from whom, missing.

import { formatBytes, formatCount, formatEta, formatRate, percentOf } from '../cli/format.js'
import { printable, printableName } from '../cli/names.js'
import type { FileStatus, ReceivedFileStatus, Status } from '../control/status.js'
import { element, Rows, section, setText } from './dom.js'
import { colourOf } from './peer-colours.js'

export class Transfers {
  private readonly section = section('transfers', 'Under way')
  private readonly total = element('p', { class: 'dim' })
  private readonly empty = element('p', { class: 'empty' }, 'nothing is being received or sent')
  private readonly received: Rows<ReceivedFileStatus>
  private readonly sent: Rows<FileStatus>

  constructor() {
    const list = (label: string) => element('ul', { 'aria-label': label })
    this.received = new Rows(list('Received'), ({ path }) => path, makeReceived)
    this.sent = new Rows(list('Sent'), ({ path, address }) => `${address} ${path}`, makeSent)
    this.section.body.append(this.total, this.received.parent, this.sent.parent, this.empty)
  }

  update({ receiving, sending }: Status): void {
    const { files, filesWanted, bytes, bytesWanted, bytesPerS, now } = receiving
    const isReceiving = filesWanted > files
    this.total.hidden = !isReceiving
    setText(
      this.total,
      `${formatCount(files)} of ${formatCount(filesWanted)} files in place, ${formatBytes(bytes)} of ${formatBytes(bytesWanted)}, ${formatRate(bytesPerS)}`,
    )
    this.empty.hidden = isReceiving || now.length + sending.length > 0
    this.section.setCount(now.length + sending.length > 0 ? formatCount(now.length + sending.length) : '')
    this.received.update(now)
    this.sent.update(sending)
  }
}

function makeReceived({ path }: ReceivedFileStatus) {
  const figures = element('span', { class: 'dim' })
  const bar = element('progress', { 'aria-label': `received of ${printableName(path)}`, max: '1' })
  const canvas = element('canvas', { 'aria-hidden': 'true' })
  const keys = element('p', { class: 'keys' })
  const name = element(
    'div',
    { class: 'item' },
    element('bdi', { class: 'path what' }, printableName(path)),
    figures,
  )
  const node = element('li', { class: 'file' }, name, bar, canvas, keys)
  return {
    node,
    update: (file: ReceivedFileStatus) => {
      setText(figures, figuresOf(file))
      bar.value = file.bytes === 0 ? 0 : file.doneBytes / file.bytes
      canvas.hidden = file.map === ''
      bar.classList.toggle('alone', file.map === '')
      if (file.map !== '') drawMap(canvas, file)
      keysOf(keys, file)
    },
  }
}

function makeSent({ path, address }: FileStatus) {
  const figures = element('span', { class: 'dim' })
  const bar = element('progress', { 'aria-label': `sent of ${printableName(path)}`, max: '1' })
  const what = element(
    'span',
    { class: 'what' },
    element('bdi', { class: 'path' }, printableName(path)),
    ` to ${printable(address ?? 'a peer')}`,
  )
  const node = element('li', { class: 'file' }, element('div', { class: 'item' }, what, figures), bar)
  return {
    node,
    update: (file: FileStatus) => {
      setText(figures, figuresOf(file))
      bar.value = file.bytes === 0 ? 0 : file.doneBytes / file.bytes
    },
  }
}

function figuresOf({ bytes, doneBytes, bytesPerS, etaMs }: FileStatus): string {
  return `${percentOf(doneBytes, bytes)}% of ${formatBytes(bytes)} · ${formatRate(bytesPerS)} · ${formatEta(etaMs)} to go`
}

/** Says in words what the colours of the map mean. */
function keysOf(keys: HTMLElement, { sources, map }: ReceivedFileStatus): void {
  const words = [
    ...(map.includes('#') ? [{ kind: '', text: 'here already' }] : []),
    ...sources.map(({ address, bytes }) => ({
      kind: colourOf(address),
      text: `from ${printable(address)}${bytes > 0 ? ` ${formatBytes(bytes)}` : ''}`,
    })),
    ...(map.includes('+') ? [{ kind: 'some', text: 'a part of it' }] : []),
    ...(map.includes('.') ? [{ kind: 'none', text: 'missing' }] : []),
  ]
  while (keys.childElementCount > words.length) keys.lastElementChild!.remove()
  for (const [index, { kind, text }] of words.entries()) {
    const key = keys.children[index] ?? keys.appendChild(element('span'))
    key.className = `key ${kind}`
    setText(key, text)
  }
}

function drawMap(canvas: HTMLCanvasElement, { map, sources }: ReceivedFileStatus): void {
  const scale = window.devicePixelRatio || 1
  const width = Math.max(1, Math.round(canvas.clientWidth * scale))
  const height = Math.max(1, Math.round(canvas.clientHeight * scale))
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width
    canvas.height = height
  }
  const style = getComputedStyle(canvas)
  const context = canvas.getContext('2d')
  if (context === null) return
  context.clearRect(0, 0, width, height)
  for (let cell = 0; cell < map.length; cell++) {
    const from = Math.round((cell * width) / map.length)
    const to = Math.round(((cell + 1) * width) / map.length)
    context.fillStyle = style.getPropertyValue(`--${kindOf(map[cell]!, sources)}`)
    // Under way is paler than here.
    context.globalAlpha = /[a-z]/.test(map[cell]!) ? 0.45 : 1
    context.fillRect(from, 0, Math.max(1, to - from - (map.length > 1 ? 1 : 0)), height)
  }
}

function kindOf(cell: string, sources: ReceivedFileStatus['sources']): string {
  if (cell === '#') return 'here'
  if (cell === '+') return 'some'
  const source = sources[cell.toLowerCase().charCodeAt(0) - 'a'.charCodeAt(0)]
  return cell === '.' || source === undefined ? 'none' : colourOf(source.address)
}
