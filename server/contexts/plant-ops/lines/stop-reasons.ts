import type { LineStatus } from './line-status.ts'

/** A reason of a state. `number` is its code in the public list of states of the United Manufacturing Hub. */
export type StopReason = {
  code: string
  number: number | null
  name_it: string
  name_en: string
  /** The states that it can be the reason of. */
  statuses: LineStatus[]
  /** A failure of the line itself: what MTBF and MTTR count. */
  failure: boolean
}

const STOPS: LineStatus[] = ['idle', 'down']
type Row = readonly [
  number: number,
  code: string,
  name_it: string,
  name_en: string,
  statuses: LineStatus[],
  failure?: 'failure',
]

const rows: readonly Row[] = [
  [10_000, 'full_speed', 'A piena velocità', 'Full speed', ['running']],
  [20_000, 'reduced_speed', 'A velocità ridotta', 'Reduced speed', ['running']],
  [30_000, 'unknown', 'Stato sconosciuto', 'Unknown state', STOPS],
  [40_000, 'unspecified_stop', 'Fermo non specificato', 'Unspecified stop', STOPS],
  [50_000, 'microstop', 'Microfermo', 'Microstop', STOPS],
  [60_000, 'inlet_jam', 'Mancanza a monte', 'Inlet jam', STOPS],
  [70_000, 'outlet_jam', 'Saturazione a valle', 'Outlet jam', STOPS],
  [80_000, 'congestion_bypass', 'Congestione del bypass', 'Congestion in the bypass', STOPS],
  [90_000, 'material_other', 'Altro problema di materiale', 'Other material issue', STOPS],
  [100_000, 'changeover', 'Cambio formato', 'Changeover', ['changeover']],
  [110_000, 'cleaning', 'Pulizia', 'Cleaning', ['cleaning', 'planned_stop']],
  [120_000, 'emptying', 'Svuotamento', 'Emptying', ['cleaning', 'changeover']],
  [130_000, 'setting_up', 'Attrezzaggio', 'Setting up', ['changeover']],
  [140_000, 'operator_absent', 'Operatore assente', 'Operator absent', STOPS],
  [150_000, 'break', 'Pausa', 'Break', ['planned_stop']],
  [160_000, 'no_shift', 'Nessun turno', 'No shift', ['planned_stop']],
  [170_000, 'no_order', 'Nessun ordine', 'No order', ['idle', 'planned_stop']],
  [180_000, 'equipment_failure', 'Guasto dell’impianto', 'Equipment failure', ['down'], 'failure'],
  [190_000, 'external_failure', 'Guasto esterno', 'External failure', ['down']],
  [200_000, 'external_interference', 'Interferenza esterna', 'External interference', STOPS],
  [
    210_000,
    'preventive_maintenance',
    'Manutenzione preventiva',
    'Preventive maintenance',
    ['maintenance', 'planned_stop'],
  ],
  [220_000, 'technical_other', 'Altra causa tecnica', 'Other technical cause', ['down', 'maintenance'], 'failure'],
]

/** The public taxonomy: the public list of states of the United Manufacturing Hub; the names are ours. */
export const PUBLIC_REASONS: readonly StopReason[] = rows.map(
  ([number, code, name_it, name_en, statuses, failure]) => ({
    ...{ code, number, name_it, name_en, statuses },
    failure: failure !== undefined,
  }),
)

/** The reason that a text names, by its code or by its number; undefined where there is none. */
export const reasonNamed = (text: string, reasons: readonly StopReason[]): StopReason | undefined =>
  reasons.find(({ code, number }) => code === text || (number !== null && String(number) === text))

/** Whether a row of the history is a failure: down for a reason that is one, or for none that was given. */
export const isFailure = (status: string, reason_code: string | null, failures: ReadonlySet<string>): boolean =>
  status === 'down' && (reason_code === null || failures.has(reason_code))
