import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { DocumentDeps } from './deps.ts'
import { libraryRoutes } from './library/routes.ts'
import { scanRoutes } from './scan/routes.ts'
import { textRoutes } from './text/routes.ts'
import { fieldsRoutes } from './fields/routes.ts'
import { searchRoutes } from './search/routes.ts'
import { templatesRoutes } from './templates/routes.ts'
import { evidenceRoutes } from './evidence/routes.ts'

/** `/documents` and what goes with it: each folder has its own routes. */
export const documentRoutes =
  (deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    await app.register(libraryRoutes(deps))
    await app.register(scanRoutes(deps))
    await app.register(textRoutes(deps))
    await app.register(fieldsRoutes(deps))
    await app.register(searchRoutes(deps))
    await app.register(templatesRoutes(deps))
    await app.register(evidenceRoutes(deps))
  }
