import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Shape } from '#platform/http/shapes.ts'

const productChanged = eventKind({
  ...{ type: 'ProductChanged', topic: 'plant-ops.products', permission: 'lines.read' },
  data: Shape(
    { product_id: Id, code: Type.String(), changed: Type.Array(Type.String()) },
    { description: 'Made, changed or hidden; `changed` has the names of the fields' },
  ),
})

export const productEvents = [productChanged]

export const tellProduct = ({ id, code }: { id: string; code: string }, after: object): NewEvent =>
  eventOf(
    productChanged,
    { subject: `plant-ops/products/${id}` },
    { product_id: id, code, changed: Object.keys(after) },
  )
