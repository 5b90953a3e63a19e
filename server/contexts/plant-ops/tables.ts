import type { Owned } from '#tables'
import type { Work } from '#platform/database/work.ts'

/** What the doors of the plants' context and the tenant's zone read. */
type Foreign = 'plants' | 'plant_registries' | 'control.tenants'

/** Lines, shifts, products, batches, lots and the figures made of them. */
export type FloorWork = Work<
  Owned<
    | 'lines'
    | 'line_states'
    | 'stop_reasons'
    | 'planned_downtimes'
    | 'shift_patterns'
    | 'shifts'
    | 'products'
    | 'product_cycle_times'
    | 'batches'
    | 'batch_recipes'
    | 'batch_outputs'
    | 'batch_holds'
    | 'control_measurements'
    | 'lots'
    | 'lot_movements'
    | 'recalls'
    | 'period_figures'
    | 'line_changes'
    | Foreign
  >
>

export type SensorTables = Owned<'sensors' | 'sensor_states' | 'sensor_models' | 'lines' | Foreign>
export type SensorWork = Work<SensorTables>

export type ReadingTables = Owned<
  'sensors' | 'sensor_states' | 'reading_blocks' | 'reading_rollups' | 'reading_revisions' | 'anomalies' | Foreign
>
export type ReadingWork = Work<ReadingTables>

/** Where models are trained and chosen. */
export type ModelWork = SensorWork & ReadingWork & Work<Owned<'control.jobs'>>

/** Where readings are subscribed to. */
export type BrokerWork = Work<Owned<'control.brokers' | 'control.broker_states' | Foreign>>

export type AnomalyWork = Work<Owned<'anomalies' | 'sensors' | Foreign>>
/** Where silence is told, and alarms are shelved: both hold the sensor's row of state. */
export type SilenceWork = Work<Owned<'anomalies' | 'sensors' | 'sensor_states' | 'silence_watches' | Foreign>>
