import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { requestRefusals } from '#platform/http/problem.ts'
import { OneOf, Shape } from '#platform/http/shapes.ts'
import { Refusal } from '#platform/refusal.ts'
import { plantFilters, type PlantFilter } from '../plant-filter.ts'
import { plantRefusals } from '../refusals.ts'
import type { AfterPlantChange } from '../tables.ts'
import { csvLines, exportPlants, type ExportPage } from './export-plants.ts'
import { importPlants } from './import-plants.ts'
import { COLUMNS } from './plant-table.ts'
import { readTable, writeWorkbook } from './table-thread.ts'

const tags = ['Plants']
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

const ImportReport = Type.Object(
  {
    created: Type.Integer(),
    updated: Type.Integer({ description: 'Plants found by their code, changed or not' }),
    errors: Type.Array(
      Type.Object({
        row: Type.Integer({ description: '1 is the heading' }),
        field: Type.String(),
        message: Type.String(),
      }),
      { description: 'Where there is one, nothing was written; 1,000 at most' },
    ),
  },
  { title: 'PlantImportReport' },
)

async function uploaded(request: FastifyRequest): Promise<Buffer> {
  try {
    const part = await request.file()
    if (part === undefined || part.fieldname !== 'file') throw plantRefusals.refuse('plants.no_file')
    return await part.toBuffer()
  } catch (error) {
    // What the parser says of a form that is cut off or bent is a plain error; whoever knows better says its status.
    if (error instanceof Refusal || (error as { statusCode?: number }).statusCode !== undefined) throw error
    throw requestRefusals.refuse('request.malformed', { cause: error })
  }
}

type Deps = { edges: Edges; afterPlantChange: AfterPlantChange }

/** `/plants/import` and `/plants/export`: tables in CSV and XLSX, the same columns both ways. */
export const transferRoutes =
  ({ edges, afterPlantChange }: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/plants/import',
      {
        config: {
          ...{ permission: 'plants.import', limits: 'upload', idempotent: false },
          refusals: [
            ...['plants.no_file', 'plants.file_type', 'plants.file_unreadable', 'plants.file_too_large', 'plants.busy'],
            ...['plants.code_taken', 'plants.limit_reached'],
          ],
        },
        schema: {
          ...{ operationId: 'importPlants', tags, summary: 'Import plants from a CSV or XLSX, all rows or none' },
          consumes: ['multipart/form-data'],
          querystring: Shape({
            dry_run: Type.Boolean({ default: false, description: 'The same answer, nothing written' }),
          }),
          body: Type.Object({ file: Type.String({ format: 'binary' }) }),
          response: { 200: ImportReport },
        },
        // The body stands here for the description: a multipart one is read part by part.
        validatorCompiler: (part) => (part.httpPart === 'body' ? () => true : app.validatorCompiler!(part)),
      },
      async (request, reply) => {
        // Who may not import shall not make the server read a file first.
        await edges.read(request, () => Promise.resolve())
        const table = await readTable(await uploaded(request))
        const order = { table, dryRun: request.query.dry_run }
        return edges.write(request, reply, (work) => importPlants(work, order, afterPlantChange))
      },
    )
    app.get(
      '/plants/export',
      {
        config: { permission: 'plants.export', mode: 'export', refusals: ['plants.busy'] },
        schema: {
          ...{ operationId: 'exportPlants', tags, summary: 'Export plants as CSV or XLSX, ready to be imported again' },
          querystring: Shape({ format: OneOf(['csv', 'xlsx'], { default: 'csv' }), ...plantFilters }),
          response: { 200: { content: { 'text/csv': { schema: Type.String() }, [XLSX]: { schema: Type.String() } } } },
        },
      },
      async (request, reply) => {
        const { format, ...filter } = request.query
        reply.header('content-disposition', `attachment; filename="plants.${format}"`)
        const pages = pagesOf(edges, request, filter)
        // The first page is read before anything is sent, so that a refusal is one.
        const first = (await pages.next()).value as ExportPage
        if (format === 'csv') {
          return reply.type('text/csv; charset=utf-8').send(Readable.from(linesOf(first, pages)) as never)
        }
        const rows = [[...COLUMNS], ...first.cells]
        for await (const page of pages) rows.push(...page.cells)
        return reply.type(XLSX).send((await writeWorkbook(rows)) as never)
      },
    )
  }

async function* pagesOf(edges: Edges, request: FastifyRequest, filter: PlantFilter): AsyncGenerator<ExportPage> {
  let after: string | undefined
  for (;;) {
    const page = await edges.read(request, (work) => exportPlants(work, filter, after))
    yield page
    if (page.last === null) return
    after = page.last
  }
}

async function* linesOf(first: ExportPage, pages: AsyncGenerator<ExportPage>): AsyncGenerator<string> {
  yield csvLines([COLUMNS, ...first.cells])
  for await (const page of pages) yield csvLines(page.cells)
}
