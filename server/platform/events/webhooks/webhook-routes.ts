import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Edges } from '../../http/edge.ts'
import { expectedRevisions } from '../../http/etag.ts'
import { CursorPage, Id, Nothing, Page, PageQuery, Shape, WithId } from '../../http/shapes.ts'
import { SortBy } from '../../http/sort.ts'
import { createWebhook } from './create-webhook.ts'
import { deleteWebhook } from './delete-webhook.ts'
import { listDeliveries } from './list-deliveries.ts'
import { getWebhook, listWebhooks, webhookSort } from './read-webhooks.ts'
import { replayDelivery, replayWebhook, testWebhook } from './replay-deliveries.ts'
import { rotateWebhookSecret } from './rotate-webhook-secret.ts'
import { updateWebhook } from './update-webhook.ts'
import type { WebhookDeps } from './webhook-row.ts'
import {
  DeliveryQuery,
  Replay,
  ReplayOrder,
  Webhook,
  webhookBodies,
  WebhookDelivery,
  WebhookWithSecret,
  type WebhookChange,
} from './webhook-schemas.ts'

const tags = ['Webhooks']
const Query = Shape({ ...PageQuery, sort: SortBy(webhookSort), enabled: Type.Optional(Type.Boolean()) })
const WithDelivery = Shape({ id: Id, delivery_id: Id })
const REACH = ['webhooks.beyond_own', 'outgoing.url_refused']

type Deps = WebhookDeps & { readonly edges: Edges }

const making =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { NewWebhook: Body, WebhookChange: Change } = webhookBodies(deps.eventKinds)
    app.post(
      '/webhooks',
      {
        // The answer holds the secret: it is not kept for a repetition.
        config: { permission: 'webhooks.write', idempotent: false, refusals: [...REACH, 'webhooks.too_many'] },
        schema: {
          ...{
            operationId: 'createWebhook',
            tags,
            summary: 'Have events sent to an address; the secret is shown this once',
          },
          ...{ body: Body, response: { 201: WebhookWithSecret } },
        },
      },
      (request, reply) => deps.edges.write(request, reply.code(201), (work) => createWebhook(work, deps, request.body)),
    )
    app.patch(
      '/webhooks/:id',
      {
        config: { permission: 'webhooks.write', refusals: [...REACH, 'webhooks.not_found'] },
        schema: {
          ...{ operationId: 'updateWebhook', tags, summary: 'Change, enable or disable a webhook' },
          ...{ params: WithId, body: Change, response: { 200: Webhook } },
        },
      },
      (request, reply) => {
        const asked = { change: request.body as WebhookChange, expected: expectedRevisions(request) }
        return deps.edges.write(request, reply, (work) => updateWebhook(work, deps, request.params.id, asked))
      },
    )
    app.post(
      '/webhooks/:id/rotate-secret',
      {
        config: {
          ...{ permission: 'webhooks.write', idempotent: false },
          refusals: ['webhooks.not_found', 'webhooks.beyond_own'],
        },
        schema: {
          ...{ operationId: 'rotateWebhookSecret', tags, summary: 'A new secret; the old one signs too for 24 hours' },
          ...{ params: WithId, response: { 200: WebhookWithSecret } },
        },
      },
      (request, reply) =>
        deps.edges.write(request, reply, (work) => rotateWebhookSecret(work, deps, request.params.id)),
    )
    app.delete(
      '/webhooks/:id',
      {
        config: { permission: 'webhooks.write', refusals: ['webhooks.not_found'] },
        schema: {
          ...{ operationId: 'deleteWebhook', tags, summary: 'Remove a webhook; what waits is not sent' },
          ...{ params: WithId, response: { 204: Nothing } },
        },
      },
      async (request, reply) => {
        const expected = expectedRevisions(request)
        await deps.edges.write(request, reply.code(204), (work) => deleteWebhook(work, request.params.id, expected))
        return null
      },
    )
    await Promise.resolve()
  }

const reading =
  ({ edges, eventKinds }: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/webhooks',
      {
        config: { permission: 'webhooks.read' },
        schema: {
          ...{ operationId: 'listWebhooks', tags, summary: 'Webhooks' },
          ...{ querystring: Query, response: { 200: Page(Webhook) } },
        },
      },
      (request) => edges.read(request, (work) => listWebhooks(work, request.query)),
    )
    app.get(
      '/webhooks/:id',
      {
        config: { permission: 'webhooks.read', refusals: ['webhooks.not_found'] },
        schema: { operationId: 'getWebhook', tags, summary: 'One webhook', params: WithId, response: { 200: Webhook } },
      },
      (request, reply) => edges.read(request, (work) => getWebhook(work, request.params.id), reply),
    )
    app.get(
      '/webhooks/:id/deliveries',
      {
        config: { permission: 'webhooks.read', refusals: ['webhooks.not_found'] },
        schema: {
          ...{ operationId: 'listWebhookDeliveries', tags, summary: 'What was sent, newest first; kept for 30 days' },
          ...{ params: WithId, querystring: DeliveryQuery, response: { 200: CursorPage(WebhookDelivery) } },
        },
      },
      (request) => edges.read(request, (work) => listDeliveries(work, eventKinds, request.params.id, request.query)),
    )
    await Promise.resolve()
  }

const sending =
  ({ edges, eventKinds }: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/webhooks/:id/test',
      {
        config: { permission: 'webhooks.write', refusals: ['webhooks.not_found'] },
        schema: {
          ...{ operationId: 'testWebhook', tags, summary: 'Send a test, once; the log says what became of it' },
          ...{ params: WithId, response: { 202: WebhookDelivery } },
        },
      },
      (request, reply) =>
        edges.write(request, reply.code(202), (work) => testWebhook(work, eventKinds, request.params.id)),
    )
    app.post(
      '/webhooks/:id/replay',
      {
        config: {
          permission: 'webhooks.write',
          refusals: ['webhooks.not_found', 'webhooks.disabled', 'webhooks.replaying'],
        },
        schema: {
          ...{ operationId: 'replayWebhook', tags, summary: 'Send all events from a sequence on once more' },
          ...{ params: WithId, body: ReplayOrder, response: { 202: Replay } },
        },
      },
      (request, reply) =>
        edges.write(request, reply.code(202), (work) =>
          replayWebhook(work, request.params.id, request.body.from_sequence),
        ),
    )
    app.post(
      '/webhooks/:id/deliveries/:delivery_id/replay',
      {
        config: {
          permission: 'webhooks.write',
          refusals: ['webhooks.not_found', 'webhooks.delivery_not_found', 'webhooks.disabled'],
        },
        schema: {
          ...{ operationId: 'replayWebhookDelivery', tags, summary: 'Send one once more, under the same webhook-id' },
          ...{ params: WithDelivery, response: { 202: WebhookDelivery } },
        },
      },
      (request, reply) => {
        const { id, delivery_id } = request.params
        return edges.write(request, reply.code(202), (work) => replayDelivery(work, eventKinds, id, delivery_id))
      },
    )
    await Promise.resolve()
  }

/** Webhooks, their log, and sending once more: /webhooks. */
export const webhookRoutes =
  (deps: Deps): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const routes of [making, reading, sending]) await app.register(routes(deps))
  }
