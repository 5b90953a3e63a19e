import { anomalyRefusals } from './anomalies/refusals.ts'
import { brokerRefusals } from './ingest/brokers/refusals.ts'
import { ingestRefusals } from './ingest/refusals.ts'
import { batchRefusals } from './batches/refusals.ts'
import { lineRefusals } from './lines/refusals.ts'
import { lotRefusals } from './lots/refusals.ts'
import { modelRefusals } from './models/refusals.ts'
import { productRefusals } from './products/refusals.ts'
import { shiftRefusals } from './shifts/refusals.ts'
import { readingRefusals } from './readings/refusals.ts'
import { sensorRefusals } from './sensors/refusals.ts'

/** The tables of the folders; `plant_ops.invalid` is what the schemas refuse below /plant-ops. */
export const plantOpsRefusals = {
  table: {
    ...brokerRefusals.table,
    ...ingestRefusals.table,
    ...anomalyRefusals.table,
    ...lineRefusals.table,
    ...lotRefusals.table,
    ...batchRefusals.table,
    ...productRefusals.table,
    ...shiftRefusals.table,
    ...readingRefusals.table,
    ...sensorRefusals.table,
    ...modelRefusals.table,
  },
} as const
