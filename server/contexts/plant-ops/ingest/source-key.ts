/**
 * A source: what a foreign system calls the origin of readings. Its key is written as in the line protocol, whatever it came by:
 * `measurement,tag=value,tag=value field`, the tags in the order of their names. A sensor names the source that feeds it.
 */
export type Source = {
  key: string
  /** The code or id of the plant, where the source names one by its tag `plant`. */
  plant: string | null
}

export const LONGEST_KEY = 500

const escaped = (text: string, special: RegExp): string => text.replaceAll(special, String.raw`\$&`)

export function sourceKey(measurement: string, tags: readonly (readonly [string, string])[], field: string): string {
  const sorted = tags.toSorted(([one], [other]) => (one < other ? -1 : 1))
  const written = sorted.map(([key, value]) => `,${escaped(key, /[,= ]/g)}=${escaped(value, /[,= ]/g)}`)
  return `${escaped(measurement, /[, ]/g)}${written.join('')} ${escaped(field, /[,= ]/g)}`
}
