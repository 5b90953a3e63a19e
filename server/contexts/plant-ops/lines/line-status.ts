/** The states of a line, as the wire has them. */
export const LINE_STATUSES = [
  'running',
  'idle',
  'down',
  'changeover',
  'cleaning',
  'maintenance',
  'planned_stop',
] as const
export type LineStatus = (typeof LINE_STATUSES)[number]

/** Elements of the time of ISO 22400-2. Of a stop it decides whether an order is under way. */
export type TimeElement = 'APT' | 'ASUT' | 'ADET' | 'ADOT' | 'planned_downtime'

/** The one table of states: what a state counts as while an order is under way, and while none is. */
export const TIME_MODEL: Record<LineStatus, { with_order: TimeElement; without_order: TimeElement }> = {
  running: { with_order: 'APT', without_order: 'APT' },
  idle: { with_order: 'ADET', without_order: 'ADOT' },
  down: { with_order: 'ADET', without_order: 'ADOT' },
  changeover: { with_order: 'ASUT', without_order: 'ASUT' },
  cleaning: { with_order: 'ASUT', without_order: 'ASUT' },
  maintenance: { with_order: 'planned_downtime', without_order: 'planned_downtime' },
  planned_stop: { with_order: 'planned_downtime', without_order: 'planned_downtime' },
}
