type Row = Record<string, unknown>
type Values = Record<string, unknown>

const known = (value: unknown): value is number => typeof value === 'number'
const groupOf = (values: Values, name: string): Values => {
  const group = values[name]
  return typeof group === 'object' && group !== null && !Array.isArray(group) ? (group as Values) : {}
}
const rowsOf = (values: Values, name: string): Row[] => (Array.isArray(values[name]) ? (values[name] as Row[]) : [])
/** Readings have four decimals: their differences in doubles have a few more. */
const tidy = (value: number): number => Math.round(value * 1e4) / 1e4

/** The difference of two readings, and its kWh by the meter's constant, rounded to whole ones as the declaration has them. */
function completeRow(row: Row): Row {
  const { reading_now: now, reading_before: before, constant_k: factor } = row
  const difference = known(row['difference'])
    ? row['difference']
    : known(now) && known(before)
      ? tidy(now - before)
      : null
  const kwh = known(row['kwh'])
    ? row['kwh']
    : known(difference) && known(factor)
      ? Math.round(tidy(difference * factor))
      : null
  return { ...row, difference, kwh }
}
const sumOf = (rows: readonly Row[]): number | null =>
  rows.every(({ kwh }) => known(kwh)) ? rows.reduce((sum, { kwh }) => sum + (kwh as number), 0) : null

/** January to June is filed from 1 July to 30 September, July to December from 1 January to 31 March (D.Lgs. 43/2025). */
function termOf({ year, half }: Values): Values {
  if (!known(year) || !Number.isInteger(year) || year < 2026 || year > 2100 || (half !== 1 && half !== 2)) return {}
  const [opens_on, due_on] =
    half === 1 ? [`${year}-07-01`, `${year}-09-30`] : [`${year + 1}-01-01`, `${year + 1}-03-31`]
  return { year_text: String(year), opens_on, due_on }
}

/** What follows from readings and period; what the caller gave stays as it is. */
export function completeFieldSheet(values: Values): Values {
  const [a, c, g] = [
    rowsOf(values, 'panel_a').map(completeRow),
    rowsOf(values, 'panel_c'),
    rowsOf(values, 'panel_g').map(completeRow),
  ]
  const given = groupOf(values, 'totals')
  const sums = { a_kwh: sumOf(a), c_kwh: sumOf(c), g_kwh: sumOf(g), ...given }
  const { a_kwh, c_kwh, g_kwh } = sums
  const balance_kwh = known(a_kwh) && known(c_kwh) && known(g_kwh) ? a_kwh - c_kwh - g_kwh : null
  const declaration = groupOf(values, 'declaration')
  return {
    ...values,
    ...(Array.isArray(values['panel_a']) && { panel_a: a }),
    ...(Array.isArray(values['panel_g']) && { panel_g: g }),
    declaration: { ...termOf(declaration), ...declaration },
    totals: { balance_kwh, ...sums },
  }
}
