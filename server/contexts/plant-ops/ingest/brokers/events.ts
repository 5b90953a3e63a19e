import { Type } from 'typebox'
import { eventKind, eventOf, type NewEvent } from '#platform/events/event-kind.ts'
import { Id, Shape } from '#platform/http/shapes.ts'

const kindOf = { topic: 'plant-ops.brokers', permission: 'sensors.read' } as const
const data = Shape({ broker_id: Id })
const brokerCreated = eventKind({ type: 'BrokerCreated', ...kindOf, data })
const brokerUpdated = eventKind({
  ...{ type: 'BrokerUpdated', ...kindOf },
  data: Shape({ broker_id: Id, changed: Type.Array(Type.String(), { description: 'The names of the fields' }) }),
})
const brokerDeleted = eventKind({ type: 'BrokerDeleted', ...kindOf, data })

export const brokerEvents = [brokerCreated, brokerUpdated, brokerDeleted]

type BrokerOf = { id: string; plant_id: string | null }
const of = ({ id, plant_id }: BrokerOf) => ({ subject: `plant-ops/brokers/${id}`, plant_id })

export const tellBrokerCreated = (broker: BrokerOf): NewEvent =>
  eventOf(brokerCreated, of(broker), { broker_id: broker.id })
export const tellBrokerUpdated = (broker: BrokerOf, changed: string[]): NewEvent =>
  eventOf(brokerUpdated, of(broker), { broker_id: broker.id, changed })
export const tellBrokerDeleted = (broker: BrokerOf): NewEvent =>
  eventOf(brokerDeleted, of(broker), { broker_id: broker.id })
