const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

const two = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'))
const three = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'))

// Readings that follow each other mostly share their day: making a Date for each costs more than the rest of the row.
let lastDay = Number.NaN
let lastText = ''

/** Epoch milliseconds as RFC 3339, as `toISOString` writes it. */
export function instantText(at_ms: number): string {
  const day = Math.floor(at_ms / DAY_MS)
  if (day !== lastDay) {
    lastText = new Date(day * DAY_MS).toISOString().slice(0, 11)
    lastDay = day
  }
  const rest = at_ms - day * DAY_MS
  const hour = Math.floor(rest / HOUR_MS)
  const minute = Math.floor(rest / 60_000) % 60
  const second = Math.floor(rest / 1000) % 60
  return `${lastText}${two[hour]}:${two[minute]}:${two[second]}.${three[rest % 1000]}Z`
}
