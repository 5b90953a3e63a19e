import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { BulkFormat } from '../readings/bulk-routes.ts'
import { parseCsv } from './csv.ts'
import { findSensors } from './find-sensors.ts'
import type { Precision } from './instant.ts'
import { parseLineProtocol, type LineOptions } from './line-protocol.ts'
import { parseNdjson } from './ndjson.ts'
import { ingestRefusals } from './refusals.ts'
import { takeRows } from './take-rows.ts'

const SPELLINGS: ReadonlyMap<unknown, Precision> = new Map<unknown, Precision>([
  [undefined, 'ns'],
  ...(['ns', 'us', 'ms', 's', 'm', 'h'] as const).map((one) => [one, one] as const),
  ...([
    ['n', 'ns'],
    ['u', 'us'],
    ['µ', 'us'],
    ['', 'ns'],
  ] as const),
])
// A name of a plant: its code or its id.
// oxlint-disable-next-line no-control-regex
const PLANT = /^[^\u0000-\u001f\u007f]{1,100}$/

/** How both versions of InfluxDB spell what a request says about its lines; as it is described, and checked by `lineOptions`. */
export const lineQuery = {
  precision: Type.Optional(
    Type.String({
      description:
        'What the times of lines are whole numbers of: ns (default), us, ms, s, m or h; n, u and µ are ns, us, us',
      examples: ['ms'],
    }),
  ),
  plant: Type.Optional(
    Type.String({
      description:
        'The code or id of the plant of lines without the tag `plant`; it becomes that tag, and part of the source',
      examples: ['MI-0042'],
    }),
  ),
}

/** What a request says about its lines: `precision` as both versions of InfluxDB spell it, and `plant`. */
export function lineOptions(request: FastifyRequest): LineOptions {
  const { precision, plant } = request.query as Record<string, unknown>
  const known = SPELLINGS.get(precision)
  if (known === undefined || (plant !== undefined && !(typeof plant === 'string' && PLANT.test(plant)))) {
    throw ingestRefusals.refuse('plant_ops.line_options')
  }
  return { precision: known, receivedMs: Date.now(), plant }
}

const example = '01890000-0000-7000-8000-000000000000'
const text = (description: string, sample: string) => Type.String({ description, examples: [sample] })

/** The formats beside JSON in which readings come; docs/ingest.md says what each means. */
export const textFormats: readonly BulkFormat[] = [
  {
    contentType: 'application/x-ndjson',
    read: ({ headers }, body) => takeRows(body, headers['content-length'], parseNdjson()),
    identify: findSensors,
    schema: text('A reading a line, as in JSON', `{"sensor_id":"${example}","ts":"2026-11-21T09:00:00Z","value":21.4}`),
  },
  {
    contentType: 'text/csv',
    read: ({ headers }, body) => takeRows(body, headers['content-length'], parseCsv()),
    identify: findSensors,
    schema: text(
      'With a header; `,` or `;` separates, and with `;` the comma is the decimal mark',
      `sensor_id;ts;value\n${example};2026-11-21T09:00:00Z;21,4`,
    ),
  },
  {
    contentType: 'text/plain',
    read: (request, body) => takeRows(body, request.headers['content-length'], parseLineProtocol(lineOptions(request))),
    identify: findSensors,
    query: lineQuery,
    schema: text(
      'InfluxDB line protocol; with `precision` and `plant` in the address',
      'boiler,area=3 temperature=21.4 1795255200000000000',
    ),
  },
]
