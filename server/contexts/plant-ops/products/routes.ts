import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Edges } from '#platform/http/edge.ts'
import { expectedRevisions } from '#platform/http/etag.ts'
import { Nothing, Page, PageQuery, Shape, WithId } from '#platform/http/shapes.ts'
import { changeProduct, createProduct, hideProduct } from './change-product.ts'
import { getProduct, listProducts } from './get-product.ts'
import { NewProduct, Product, ProductChange } from './schemas.ts'

const tags = ['Products']
const { limit, offset, q } = PageQuery
const wrong = ['products.code_taken', 'products.invalid_recipe', 'lines.not_found']

/** `/plant-ops/products`. */
export const productRoutes =
  ({ edges }: { edges: Edges }): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/plant-ops/products',
      {
        config: { permission: 'lines.write', refusals: wrong },
        schema: {
          ...{ operationId: 'createProduct', tags, summary: 'Create a product with its recipe and cycle times' },
          ...{ body: NewProduct, response: { 201: Product } },
        },
      },
      (request, reply) => edges.write(request, reply.code(201), (work) => createProduct(work, request.body)),
    )
    app.get(
      '/plant-ops/products',
      {
        config: { permission: 'lines.read' },
        schema: {
          ...{ operationId: 'listProducts', tags, summary: 'Products by code' },
          ...{ querystring: Shape({ limit, offset, q }), response: { 200: Page(Product) } },
        },
      },
      (request) => edges.read(request, (work) => listProducts(work, request.query)),
    )
    app.get(
      '/plant-ops/products/:id',
      {
        config: { permission: 'lines.read', refusals: ['products.not_found'] },
        schema: {
          ...{ operationId: 'getProduct', tags, summary: 'One product' },
          ...{ params: WithId, response: { 200: Product } },
        },
      },
      (request, reply) => edges.read(request, (work) => getProduct(work, request.params.id), reply),
    )
    app.patch(
      '/plant-ops/products/:id',
      {
        config: { permission: 'lines.write', refusals: ['products.not_found', ...wrong] },
        schema: {
          ...{ operationId: 'changeProduct', tags, summary: 'Change a product for the batches that start from now on' },
          ...{ params: WithId, body: ProductChange, response: { 200: Product } },
        },
      },
      (request, reply) => {
        const asked = { id: request.params.id, change: request.body, revisions: expectedRevisions(request) }
        return edges.write(request, reply, (work) => changeProduct(work, asked))
      },
    )
    app.delete(
      '/plant-ops/products/:id',
      {
        config: { permission: 'lines.delete', refusals: ['products.not_found'] },
        schema: {
          ...{ operationId: 'deleteProduct', tags, summary: 'Hide a product' },
          ...{ params: WithId, response: { 204: Nothing } },
        },
      },
      async (request, reply) => {
        const target = { id: request.params.id, revisions: expectedRevisions(request) }
        await edges.write(request, reply.code(204), (work) => hideProduct(work, target))
        return null
      },
    )
    await Promise.resolve()
  }
