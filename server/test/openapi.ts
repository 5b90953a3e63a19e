/** The contract as the tests read it: operations with their parameters, bodies and answers, references resolved. */
import { openapiDocument } from '../app.ts'
import { testApp } from './harness.ts'

export type Schema = { [key: string]: unknown }
export type Parameter = { name: string; in: 'path' | 'query' | 'header'; required?: boolean; schema: Schema }
export type Operation = {
  method: string
  path: string
  operationId: string
  tags: string[]
  summary: string
  security: unknown[]
  parameters: Parameter[]
  body: { contentType: string; schema: Schema; required: boolean } | null
  /** By status; null where there is no JSON. */
  answers: Record<string, { description: string; schema: Schema | null }>
  /** Its answer does not end: only a real socket can ask for it. */
  endless: boolean
}
type Content = Record<string, { schema: Schema }>
type Raw = {
  operationId?: string
  tags?: string[]
  summary?: string
  security?: unknown[]
  parameters?: Parameter[]
  requestBody?: { content: Content; required?: boolean }
  responses: Record<string, { description: string; content?: Content }>
}
export type Document = {
  openapi: string
  info: Schema
  security: unknown[]
  paths: Record<string, Record<string, Raw>>
  components: { schemas: Record<string, Schema> }
}

export const contract = async (): Promise<Document> => openapiDocument((await testApp()).http) as unknown as Document

export function operationsOf({ paths, security }: Document): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => {
      const [contentType, media] = Object.entries(raw.requestBody?.content ?? {})[0] ?? []
      const answers = Object.entries(raw.responses).map(([status, { description, content }]) => {
        const json = content?.['application/json']
        return [status, { description, schema: json?.schema ?? null }] as const
      })
      return {
        method: method.toUpperCase(),
        path,
        operationId: raw.operationId ?? '',
        tags: raw.tags ?? [],
        summary: raw.summary ?? '',
        security: raw.security ?? security,
        parameters: raw.parameters ?? [],
        body:
          contentType !== undefined && media
            ? { contentType, schema: media.schema, required: raw.requestBody?.required ?? false }
            : null,
        answers: Object.fromEntries(answers),
        endless: raw.responses['200']?.content?.['text/event-stream'] !== undefined,
      }
    }),
  )
}

/** A schema with its references to components replaced, so that it stands alone. */
export function resolved(schema: unknown, { components }: Document, depth = 0): unknown {
  if (Array.isArray(schema)) return schema.map((one) => resolved(one, { components } as Document, depth))
  if (schema === null || typeof schema !== 'object') return schema
  const { $ref } = schema as { $ref?: string }
  if ($ref !== undefined) {
    const name = $ref.replace('#/components/schemas/', '')
    const target = components.schemas[name]
    if (target === undefined) throw new Error(`${$ref} leads nowhere`)
    // A shape that holds itself is cut off here.
    return depth > 12 ? {} : resolved(target, { components } as Document, depth + 1)
  }
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, resolved(value, { components } as Document, depth)]),
  )
}
