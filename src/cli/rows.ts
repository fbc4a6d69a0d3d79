// How one row of progress is laid out for the columns that the terminal has. Pure; terminal-view.ts draws them.
//
//   linux-6.1.tar.xz        [=======         ]   43%   618 MB  12.1 MB/s      0:32  resumed from 40%
//   └ name, the rest         └ bar              └ %    └ size   └ rate        └ ETA └ note
//
// Where room is scarce, cells go in this order: note, bar, rate, ETA, size. The name, cut or in its short form,
// and the percentage stay.

import { columnsOf, fitted, shortenMiddle } from './names.js'

/** The texts of one row, printable. */
export interface RowCells {
  readonly name: string
  /** Where there is no room for the name. */
  readonly shortName?: string
  /** 0..100; undefined where nobody knows. */
  readonly percent: number | undefined
  readonly size: string
  readonly rate: string
  readonly eta: string
  readonly note: string
}

/** The same for every row of a picture, so that columns stand under each other. 0 columns: not shown. */
export interface RowLayout {
  readonly columns: number
  readonly nameColumns: number
  readonly barColumns: number
  readonly sizeColumns: number
  readonly rateColumns: number
  readonly etaColumns: number
  readonly noteColumns: number
}

export const BAR_COLUMNS = 16
/** Room for `78,499 of 78,500 files`; the constants together leave it in 80 columns beside the bar. */
const NAME_COLUMNS_MIN = 22
const NAME_COLUMNS_MAX = 48
const PERCENT_COLUMNS = 4
const SIZE_COLUMNS = 7
const RATE_COLUMNS = 9
const ETA_COLUMNS = 8
const GAP_COLUMNS = 2

/** The richest layout in which a name is still readable. One column stays empty, so that no terminal wraps. */
export function rowLayout(terminalColumns: number, rows: readonly RowCells[]): RowLayout {
  const widest = (cell: Exclude<keyof RowCells, 'percent' | 'shortName'>, min: number) =>
    Math.max(min, ...rows.map((row) => columnsOf(row[cell])))
  // Usual widths, so that columns do not wander from one picture to the next; wider where a cell needs it.
  const shown = {
    note: widest('note', 0),
    bar: BAR_COLUMNS + 2,
    rate: widest('rate', RATE_COLUMNS),
    eta: widest('eta', ETA_COLUMNS),
    size: widest('size', SIZE_COLUMNS),
  }
  const columns = Math.max(1, terminalColumns - 1)
  const nameRoom = () =>
    Object.values(shown).reduce(
      (left, cellColumns) => left - (cellColumns > 0 ? cellColumns + GAP_COLUMNS : 0),
      columns - PERCENT_COLUMNS - GAP_COLUMNS,
    )
  const widestName = widest('name', 1)
  for (const cell of ['note', 'bar', 'rate', 'eta', 'size'] as const) {
    if (nameRoom() >= Math.min(NAME_COLUMNS_MIN, widestName)) break
    shown[cell] = 0
  }
  const nameColumnsMax = Math.min(NAME_COLUMNS_MAX, Math.max(widestName, NAME_COLUMNS_MIN))
  return {
    columns,
    nameColumns: Math.max(1, Math.min(nameRoom(), nameColumnsMax)),
    barColumns: shown.bar,
    sizeColumns: shown.size,
    rateColumns: shown.rate,
    etaColumns: shown.eta,
    noteColumns: shown.note,
  }
}

/** The row, never wider than its layout. `bar` draws BAR_COLUMNS characters. */
export function rowText(layout: RowLayout, cells: RowCells, bar: () => string): string {
  const gap = ' '.repeat(GAP_COLUMNS)
  const isShort = cells.shortName !== undefined && columnsOf(cells.name) > layout.nameColumns
  let row = fitted(isShort ? cells.shortName! : cells.name, layout.nameColumns)
  if (layout.barColumns > 0) row += `${gap}[${bar()}]`
  row += gap + (cells.percent === undefined ? '' : `${cells.percent}%`).padStart(PERCENT_COLUMNS)
  if (layout.sizeColumns > 0) row += gap + cells.size.padStart(layout.sizeColumns)
  if (layout.rateColumns > 0) row += gap + cells.rate.padStart(layout.rateColumns)
  if (layout.etaColumns > 0) row += gap + cells.eta.padStart(layout.etaColumns)
  if (layout.noteColumns > 0 && cells.note !== '') row += gap + cells.note
  return shortenMiddle(row, layout.columns)
}
