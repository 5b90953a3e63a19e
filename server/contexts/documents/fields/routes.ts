import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Id, Shape, WithId } from '#platform/http/shapes.ts'
import type { DocumentDeps } from '../deps.ts'
import { acceptSuggestion, sayInstead } from './accept-suggestion.ts'
import { addField } from './add-field.ts'
import { changeField } from './change-field.ts'
import { readFields } from './read-fields.ts'
import { rejectSuggestion } from './reject-suggestion.ts'
import { DocumentFields, Field, FieldChange, NewField, NewSuggestion, Suggestion } from './schemas.ts'

const tags = ['Documents']
const WithField = Shape({ id: Id, field_id: Id })
const WithSuggestion = Shape({ id: Id, suggestion_id: Id })
const values = ['document_fields.invalid_value', 'document_fields.invalid_role']
type App = Parameters<FastifyPluginAsyncTypebox>[0]

/** `/documents/{id}/fields` and `/documents/{id}/suggestions`. */
export const fieldsRoutes =
  (deps: DocumentDeps): FastifyPluginAsyncTypebox =>
  async (app) => {
    fieldRoutes(app, deps)
    suggestionRoutes(app, deps)
    await Promise.resolve()
  }

function fieldRoutes(app: App, { edges }: DocumentDeps): void {
  app.get(
    '/documents/:id/fields',
    {
      config: { permission: 'documents.read', refusals: ['documents.not_found'] },
      schema: {
        ...{
          operationId: 'getDocumentFields',
          tags,
          summary: 'What was found in a document, and what is suggested of it',
        },
        ...{ params: WithId, response: { 200: DocumentFields } },
      },
    },
    (request) => edges.snapshot(request, (work) => readFields(work, request.params.id)),
  )
  app.post(
    '/documents/:id/fields',
    {
      config: {
        permission: 'documents.write',
        refusals: ['documents.not_found', 'document_fields.no_such_page', 'document_fields.too_many', ...values],
      },
      schema: {
        ...{ operationId: 'addDocumentField', tags, summary: 'Tell a value that was overlooked' },
        ...{ params: WithId, body: NewField, response: { 201: Field } },
      },
    },
    (request, reply) =>
      edges.write(request, reply.code(201), (work) => addField(work, request.params.id, request.body)),
  )
  app.put(
    '/documents/:id/fields/:field_id',
    {
      config: {
        permission: 'documents.write',
        refusals: ['documents.not_found', 'document_fields.not_found', ...values],
      },
      schema: {
        ...{
          operationId: 'judgeDocumentField',
          tags,
          summary: 'Confirm, correct or refuse a value, or take that back',
        },
        ...{ params: WithField, body: FieldChange, response: { 200: Field } },
      },
    },
    (request, reply) => {
      const { id, field_id } = request.params
      return edges.write(request, reply, (work) => changeField(work, id, field_id, request.body))
    },
  )
}

function suggestionRoutes(app: App, deps: DocumentDeps): void {
  const { edges } = deps
  const refusals = ['documents.not_found', 'document_suggestions.not_found']
  app.post(
    '/documents/:id/suggestions',
    {
      config: { permission: 'documents.approve', refusals: ['documents.not_found'] },
      schema: {
        ...{
          operationId: 'sayOfDocument',
          tags,
          summary: 'Say the category or expiry date, instead of what is suggested',
        },
        ...{ params: WithId, body: NewSuggestion, response: { 201: Suggestion } },
      },
    },
    (request, reply) =>
      edges.write(request, reply.code(201), (work) => sayInstead(work, deps, request.params.id, request.body)),
  )
  app.post(
    '/documents/:id/suggestions/:suggestion_id/confirm',
    {
      config: { permission: 'documents.approve', refusals: [...refusals, 'documents.no_such_target'] },
      schema: {
        ...{
          operationId: 'confirmDocumentSuggestion',
          tags,
          summary: 'Confirm a suggestion: the document is changed by it',
        },
        ...{ params: WithSuggestion, response: { 200: Suggestion } },
      },
    },
    (request, reply) => {
      const { id, suggestion_id } = request.params
      return edges.write(request, reply, (work) => acceptSuggestion(work, deps, id, suggestion_id))
    },
  )
  app.post(
    '/documents/:id/suggestions/:suggestion_id/reject',
    {
      config: { permission: 'documents.approve', refusals },
      schema: {
        ...{
          operationId: 'rejectDocumentSuggestion',
          tags,
          summary: 'Refuse a suggestion, also one that was confirmed',
        },
        ...{ params: WithSuggestion, response: { 200: Suggestion } },
      },
    },
    (request, reply) => {
      const { id, suggestion_id } = request.params
      return edges.write(request, reply, (work) => rejectSuggestion(work, id, suggestion_id))
    },
  )
}
