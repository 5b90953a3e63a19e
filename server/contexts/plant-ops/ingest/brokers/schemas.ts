import { type Static, Type } from 'typebox'
import { Id, Line, Nullable, OneOf, Shape, Stamps, Timestamp } from '#platform/http/shapes.ts'

const Topic = Shape({
  filter: Line(200, { description: 'Of MQTT, with + and #', examples: ['officina/+/temperature'] }),
  format: OneOf(['plain', 'sparkplug'], { description: 'A number or {"value", "ts", "quality"}; or Sparkplug B' }),
})
const Url = Type.String({
  ...{ maxLength: 300, pattern: '^mqtts?://[^\\s/?#@]+/?$', examples: ['mqtts://broker.example.com:8883'] },
  description:
    'mqtt:// or mqtts:// with a host and, if wanted, a port; internal addresses must be allowed by the installation',
})
const required = {
  name: Line(100, { examples: ['Gateway Forno'] }),
  url: Url,
  topics: Type.Array(Topic, { minItems: 1, maxItems: 50, examples: [[{ filter: 'spBv1.0/#', format: 'sparkplug' }]] }),
}
const optional = {
  version: Type.Optional(OneOf(['3.1.1', '5'], { description: '5 by default' })),
  username: Type.Optional(Nullable(Line(200))),
  password: Type.Optional(Nullable(Line(500, { description: 'Kept sealed and never shown' }))),
  ca: Type.Optional(
    Nullable(Type.String({ maxLength: 20_000, pattern: '^-----BEGIN CERTIFICATE-----', description: 'PEM' })),
  ),
  plant_id: Type.Optional(Nullable(Id)),
  rebirth: Type.Optional(
    Type.Boolean({ description: 'Ask nodes of Sparkplug for births that were missed; true by default' }),
  ),
  enabled: Type.Optional(Type.Boolean()),
}

export const NewBroker = Shape({ ...required, ...optional }, { title: 'NewBroker' })
export type NewBroker = Static<typeof NewBroker>
export const BrokerChange = Shape(
  {
    name: Type.Optional(required.name),
    url: Type.Optional(Url),
    topics: Type.Optional(required.topics),
    ...optional,
  },
  { title: 'BrokerChange' },
)
export type BrokerChange = Static<typeof BrokerChange>

const State = Type.Object({
  connected: Type.Boolean(),
  connected_at: Nullable(Timestamp),
  messages: Type.Integer({ description: 'Counted since the broker was entered' }),
  readings: Type.Integer({ description: 'Written, or there already' }),
  rejected: Type.Integer({ description: 'Readings that were refused: above all, a source that feeds no sensor' }),
  garbage: Type.Integer({ description: 'Messages that are no readings' }),
  last_message_at: Nullable(Timestamp),
  last_error: Nullable(Type.String()),
  last_error_at: Nullable(Timestamp),
})
export const Broker = Type.Object(
  {
    ...{ id: Id, name: Type.String(), url: Type.String(), version: OneOf(['3.1.1', '5']) },
    username: Nullable(Type.String()),
    has_password: Type.Boolean(),
    ca: Nullable(Type.String()),
    topics: Type.Array(Topic),
    plant_id: Nullable(Id),
    ...{ rebirth: Type.Boolean(), enabled: Type.Boolean() },
    state: State,
    ...Stamps,
  },
  { title: 'Broker' },
)
export type Broker = Static<typeof Broker>
