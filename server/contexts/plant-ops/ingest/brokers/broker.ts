import type { Detail } from '#platform/refusal.ts'

/** A filter as MQTT defines it: `+` is a whole level, `#` the last one. */
const isFilter = (filter: string): boolean =>
  !filter.startsWith('$') &&
  filter.split('/').every((level, at, levels) => {
    if (level === '#') return at === levels.length - 1
    return level === '+' || !/[+#]/.test(level)
  })

/** What no pattern can tell: filters that are none, addresses that are no URLs, by field. */
export function brokerProblems({ url, topics }: { url?: string; topics?: readonly { filter: string }[] }): Detail[] {
  const problems: Detail[] = []
  if (url !== undefined && URL.parse(url) === null) problems.push({ field: 'url', message: 'is not a URL' })
  for (const [at, { filter }] of (topics ?? []).entries()) {
    if (!isFilter(filter)) problems.push({ field: `topics.${at}.filter`, message: 'is not a filter of MQTT' })
  }
  return problems
}

/** Whether a topic fits a filter. What begins with `$` is the broker's own. */
export function fits(filter: string, topic: string): boolean {
  const [wanted, levels] = [filter.split('/'), topic.split('/')]
  if (topic.startsWith('$')) return false
  for (const [at, level] of wanted.entries()) {
    if (level === '#') return true
    if (at >= levels.length || (level !== '+' && level !== levels[at])) return false
  }
  return wanted.length === levels.length
}

export const passwordContext = (tenantId: string, id: string): string => `${tenantId}:brokers:password:${id}`
export const VERSIONS = { '3.1.1': 4, '5': 5 } as const
