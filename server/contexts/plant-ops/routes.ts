import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Edges } from '#platform/http/edge.ts'
import type { Limits } from '#platform/http/rate-limits.ts'
import type { KeyRing } from '#platform/secrets/field-encryption.ts'
import { brokerRoutes } from './ingest/brokers/routes.ts'
import { textFormats } from './ingest/read-formats.ts'
import { batchRoutes } from './batches/routes.ts'
import { anomalyRoutes } from './anomalies/routes.ts'
import { lineRoutes } from './lines/routes.ts'
import { lotRoutes } from './lots/routes.ts'
import { modelRoutes } from './models/routes.ts'
import { oeeRoutes } from './oee/routes.ts'
import { productRoutes } from './products/routes.ts'
import { shiftRoutes } from './shifts/routes.ts'
import { readingRoutes } from './readings/routes.ts'
import { sensorRoutes } from './sensors/routes.ts'

export type PlantOpsDeps = { edges: Edges; ring: KeyRing; limits: Limits }

/** `/plant-ops`: each folder has its own routes. */
export const plantOpsRoutes =
  (deps: PlantOpsDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    await app.register(anomalyRoutes(deps))
    await app.register(lineRoutes(deps))
    await app.register(shiftRoutes(deps))
    await app.register(productRoutes(deps))
    await app.register(batchRoutes(deps))
    await app.register(lotRoutes(deps))
    await app.register(oeeRoutes(deps))
    await app.register(brokerRoutes(deps))
    await app.register(sensorRoutes(deps))
    await app.register(modelRoutes(deps))
    await app.register(readingRoutes({ ...deps, formats: textFormats }))
  }
