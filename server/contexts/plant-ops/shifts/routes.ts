import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '#platform/http/edge.ts'
import { Id, Nothing, Page, PageQuery, Shape, Timestamp, WithId } from '#platform/http/shapes.ts'
import { expectedRevisions } from '#platform/http/etag.ts'
import { changePlannedDowntime } from './change-planned-downtime.ts'
import { changeShiftPattern } from './change-shift-pattern.ts'
import { cancelPlannedDowntime, createPlannedDowntime } from './create-planned-downtime.ts'
import { createShiftPattern, endShiftPattern } from './create-shift-pattern.ts'
import {
  getPlannedDowntime,
  getShiftPattern,
  listPlannedDowntimes,
  listShiftPatterns,
  listShifts,
} from './list-shifts.ts'
import {
  NewPlannedDowntime,
  NewShiftPattern,
  PlannedDowntime,
  PlannedDowntimeChange,
  Shift,
  ShiftPattern,
  ShiftPatternChange,
} from './schemas.ts'

const tags = ['Shifts']
const paged = { limit: PageQuery.limit, offset: PageQuery.offset }
const of = { line_id: Type.Optional(Id), plant_id: Type.Optional(Id) }
const during = { from: Type.Optional(Timestamp), to: Type.Optional(Timestamp) }
const periods = ['plant_ops.period_not_usable', 'plant_ops.too_far_back']

type App = Parameters<FastifyPluginAsyncTypebox>[0]

/** `/plant-ops/shift-patterns`, `/plant-ops/shifts`, `/plant-ops/planned-downtimes`: when a line is to work. */
export const shiftRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    patternRoutes(app, edges)
    downtimeRoutes(app, edges)
    app.get(
      '/plant-ops/shifts',
      {
        config: { permission: 'lines.read' },
        schema: {
          ...{ operationId: 'listShifts', tags, summary: 'Shifts in the order of time' },
          ...{ querystring: Shape({ ...paged, ...of, ...during }), response: { 200: Page(Shift) } },
        },
      },
      (request) => edges.read(request, (work) => listShifts(work, request.query)),
    )
    await Promise.resolve()
  }

function patternRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/shift-patterns',
    {
      config: {
        permission: 'lines.write',
        refusals: ['lines.not_found', 'shifts.invalid_pattern', 'shifts.overlap', 'shifts.none'],
      },
      schema: {
        ...{ operationId: 'createShiftPattern', tags, summary: 'Plan shifts by local times, with their instances' },
        ...{ body: NewShiftPattern, response: { 201: ShiftPattern } },
      },
    },
    (request, reply) => edges.write(request, reply.code(201), (work) => createShiftPattern(work, request.body)),
  )
  app.get(
    '/plant-ops/shift-patterns',
    {
      config: { permission: 'lines.read' },
      schema: {
        ...{ operationId: 'listShiftPatterns', tags, summary: 'Shift patterns' },
        ...{ querystring: Shape({ ...paged, ...of }), response: { 200: Page(ShiftPattern) } },
      },
    },
    (request) => edges.read(request, (work) => listShiftPatterns(work, request.query)),
  )
  app.get(
    '/plant-ops/shift-patterns/:id',
    {
      config: { permission: 'lines.read', refusals: ['shifts.not_found'] },
      schema: {
        ...{ operationId: 'getShiftPattern', tags, summary: 'One shift pattern' },
        ...{ params: WithId, response: { 200: ShiftPattern } },
      },
    },
    (request, reply) => edges.read(request, (work) => getShiftPattern(work, request.params.id), reply),
  )
  app.post(
    '/plant-ops/shift-patterns/:id/change',
    {
      config: {
        permission: 'lines.write',
        refusals: [
          ...['shifts.not_found', 'lines.not_found', 'shifts.invalid_pattern', 'shifts.overlap', 'shifts.none'],
          'shifts.over',
        ],
      },
      schema: {
        ...{ operationId: 'changeShiftPattern', tags, summary: 'Go on otherwise from a day on, in a new pattern' },
        description:
          'The pattern ends the day before, and a new one that names it begins. What was worked stays as it was.',
        ...{ params: WithId, body: ShiftPatternChange, response: { 201: ShiftPattern } },
      },
    },
    (request, reply) =>
      edges.write(request, reply.code(201), (work) => changeShiftPattern(work, request.params.id, request.body)),
  )
  app.delete(
    '/plant-ops/shift-patterns/:id',
    {
      config: { permission: 'lines.write', refusals: ['shifts.not_found', 'lines.not_found'] },
      schema: {
        ...{ operationId: 'endShiftPattern', tags, summary: 'Take away the shifts that have not begun' },
        ...{ params: WithId, response: { 204: Nothing } },
      },
    },
    async (request, reply) => {
      await edges.write(request, reply.code(204), (work) => endShiftPattern(work, request.params.id))
      return null
    },
  )
}

function downtimeRoutes(app: App, edges: Edges): void {
  app.post(
    '/plant-ops/planned-downtimes',
    {
      config: {
        permission: 'lines.write',
        refusals: [
          ...['lines.not_found', 'lines.reason_unknown', 'lines.reason_of_other_state', 'planned_downtimes.overlap'],
          ...periods,
        ],
      },
      schema: {
        ...{ operationId: 'createPlannedDowntime', tags, summary: 'Plan that a line stands still' },
        ...{ body: NewPlannedDowntime, response: { 201: PlannedDowntime } },
      },
    },
    (request, reply) => edges.write(request, reply.code(201), (work) => createPlannedDowntime(work, request.body)),
  )
  app.get(
    '/plant-ops/planned-downtimes',
    {
      config: { permission: 'lines.read' },
      schema: {
        ...{ operationId: 'listPlannedDowntimes', tags, summary: 'Planned downtimes in the order of time' },
        ...{ querystring: Shape({ ...paged, ...of, ...during }), response: { 200: Page(PlannedDowntime) } },
      },
    },
    (request) => edges.read(request, (work) => listPlannedDowntimes(work, request.query)),
  )
  app.get(
    '/plant-ops/planned-downtimes/:id',
    {
      config: { permission: 'lines.read', refusals: ['planned_downtimes.not_found'] },
      schema: {
        ...{ operationId: 'getPlannedDowntime', tags, summary: 'One planned downtime' },
        ...{ params: WithId, response: { 200: PlannedDowntime } },
      },
    },
    (request, reply) => edges.read(request, (work) => getPlannedDowntime(work, request.params.id), reply),
  )
  app.patch(
    '/plant-ops/planned-downtimes/:id',
    {
      config: {
        permission: 'lines.write',
        refusals: [
          ...['planned_downtimes.not_found', 'planned_downtimes.over', 'planned_downtimes.begun', 'lines.not_found'],
          ...['planned_downtimes.overlap', 'lines.reason_unknown', 'lines.reason_of_other_state', ...periods],
        ],
      },
      schema: {
        ...{ operationId: 'changePlannedDowntime', tags, summary: 'Change what is left of a planned downtime' },
        ...{ params: WithId, body: PlannedDowntimeChange, response: { 200: PlannedDowntime } },
      },
    },
    (request, reply) => {
      const asked = { id: request.params.id, change: request.body, revisions: expectedRevisions(request) }
      return edges.write(request, reply, (work) => changePlannedDowntime(work, asked))
    },
  )
  app.delete(
    '/plant-ops/planned-downtimes/:id',
    {
      config: {
        permission: 'lines.write',
        refusals: ['planned_downtimes.not_found', 'planned_downtimes.over', 'lines.not_found'],
      },
      schema: {
        ...{ operationId: 'cancelPlannedDowntime', tags, summary: 'Take back what is left of a planned downtime' },
        ...{ params: WithId, response: { 204: Nothing } },
      },
    },
    async (request, reply) => {
      await edges.write(request, reply.code(204), (work) => cancelPlannedDowntime(work, request.params.id))
      return null
    },
  )
}
