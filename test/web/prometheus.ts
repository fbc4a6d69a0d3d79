// A reader of Prometheus' text format, version 0.0.4, as strict as the real one where it matters here.
// https://prometheus.io/docs/instrumenting/exposition_formats/

export interface MetricFamily {
  readonly type: string
  readonly help: string
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"/
const VALUE = /^[+-]?(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|Inf)$|^NaN$/i

/** By name. Throws where a line is none of the format, or a family is told in two pieces. */
export function parseMetrics(text: string): Map<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, MetricFamily>()
  let current = ''
  let help: string | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line)
    if (comment !== null) {
      const [, kind, name, words] = comment as unknown as [string, string, string, string]
      if (NAME.exec(name)?.[0] !== name) throw new Error(`no name of a metric: ${line}`)
      if (kind === 'HELP') {
        if (families.has(name)) throw new Error(`told before: ${line}`)
        help = words
        current = name
      } else {
        if (name !== current || help === undefined) throw new Error(`TYPE without its HELP: ${line}`)
        if (!['counter', 'gauge'].includes(words)) throw new Error(`no type: ${line}`)
        families.set(name, { type: words, help, samples: [] })
        help = undefined
      }
      continue
    }
    const name = NAME.exec(line)?.[0] ?? ''
    const family = families.get(name)
    if (family === undefined || name !== current) throw new Error(`a sample outside its family: ${line}`)
    const { labels, rest } = labelsOf(line.slice(name.length))
    if (!rest.startsWith(' ') || !VALUE.test(rest.slice(1))) throw new Error(`no value: ${line}`)
    const key = JSON.stringify(labels)
    if (family.samples.some((sample) => JSON.stringify(sample.labels) === key))
      throw new Error(`the same labels twice: ${line}`)
    family.samples.push({ labels, value: Number(rest.slice(1)) })
  }
  return families
}

function labelsOf(text: string): { labels: Record<string, string>; rest: string } {
  const labels: Record<string, string> = {}
  if (!text.startsWith('{')) return { labels, rest: text }
  let rest = text.slice(1)
  for (;;) {
    const match = LABEL.exec(rest)
    if (match === null) throw new Error(`no label: ${rest}`)
    const [whole, name, value] = match as unknown as [string, string, string]
    if (name in labels) throw new Error(`a label twice: ${rest}`)
    labels[name] = value.replace(/\\(.)/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
    rest = rest.slice(whole.length)
    if (rest.startsWith('}')) return { labels, rest: rest.slice(1) }
    if (!rest.startsWith(',')) throw new Error(`no end of labels: ${rest}`)
    rest = rest.slice(1)
  }
}
