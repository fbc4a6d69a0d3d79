// The throughput of a flow as a series: how many bytes it had brought when, and so how fast it was between two moments.

export interface Point {
  readonly atMs: number
  readonly value: number
}

/** Bytes per second; the points are in the order of time, and what lies between two of them is taken to be even. */
export function rateBetween(series: readonly Point[], fromMs: number, toMs: number): number {
  return (valueAt(series, toMs) - valueAt(series, fromMs)) / ((toMs - fromMs) / 1_000)
}

function valueAt(series: readonly Point[], atMs: number): number {
  const after = series.findIndex((point) => point.atMs >= atMs)
  if (after < 0) return series.at(-1)?.value ?? 0
  const [left, right] = [series[after - 1], series[after]!]
  if (left === undefined || right.atMs === left.atMs) return right.value
  return left.value + ((right.value - left.value) * (atMs - left.atMs)) / (right.atMs - left.atMs)
}

/** Jain, Chiu, Hawe, "A Quantitative Measure of Fairness", 1984: 1 where all have the same, 1/n where one has all. */
export function jainIndex(rates: readonly number[]): number {
  const sum = rates.reduce((total, rate) => total + rate, 0)
  return sum ** 2 / (rates.length * rates.reduce((total, rate) => total + rate ** 2, 0))
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN
}
