import { anomalyEvents } from './anomalies/events.ts'
import { batchEvents } from './batches/events.ts'
import { brokerEvents } from './ingest/brokers/events.ts'
import { lineEvents } from './lines/events.ts'
import { lotEvents } from './lots/events.ts'
import { modelEvents } from './models/events.ts'
import { oeeEvents } from './oee/events.ts'
import { productEvents } from './products/events.ts'
import { shiftEvents } from './shifts/events.ts'
import { sensorEvents } from './sensors/events.ts'

/** What this context announces. */
export const plantOpsEvents = [
  ...anomalyEvents,
  ...batchEvents,
  ...brokerEvents,
  ...lineEvents,
  ...lotEvents,
  ...oeeEvents,
  ...productEvents,
  ...shiftEvents,
  ...sensorEvents,
  ...modelEvents,
]
