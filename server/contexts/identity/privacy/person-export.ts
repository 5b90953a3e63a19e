import { Type, type Static } from 'typebox'
import { Id, Nullable, Timestamp } from '#platform/http/shapes.ts'
import { PlantScope } from '../plant-scope.ts'

const Text = Type.String()

const Letter = Type.Object({
  purpose: Text,
  sent_at: Timestamp,
  expires_at: Timestamp,
  used_at: Nullable(Timestamp),
})

const KeptSession = Type.Object({
  ...{ id: Id, created_at: Timestamp, last_used_at: Timestamp, expires_at: Timestamp },
  ...{ ended_at: Nullable(Timestamp), end_reason: Nullable(Text), ip: Nullable(Text), user_agent: Nullable(Text) },
})

const Account = Type.Object({
  ...{
    id: Id,
    email: Text,
    username: Nullable(Text),
    language: Text,
    created_at: Timestamp,
    second_factor: Type.Boolean(),
  },
  known_devices: Type.Array(Type.Object({ first_seen: Timestamp, last_seen: Timestamp })),
  letters: Type.Array(Letter),
})

const Membership = Type.Object({
  ...{ id: Id, email: Text, name: Text, surname: Text, role: Text, status: Text, plant_scope: PlantScope },
  ...{
    preferences: Type.Unknown(),
    last_login: Nullable(Timestamp),
    created_at: Timestamp,
    removed_at: Nullable(Timestamp),
  },
})

const KeptEntry = Type.Object({
  ...{
    id: Id,
    at: Timestamp,
    action: Text,
    resource: Text,
    resource_id: Nullable(Id),
    outcome: Text,
    repeats: Type.Integer(),
  },
  request_id: Nullable(Text),
  by_person: Type.Boolean({ description: 'Done by the person; otherwise by somebody else, who is not named' }),
  ip: Nullable(Type.String({ description: 'Where the person did it from' })),
  about_person: Type.Boolean(),
  before: Type.Unknown({ description: 'Of entries about the person' }),
  after: Type.Unknown(),
})
export type KeptEntry = Static<typeof KeptEntry>

const Company = Type.Object({
  tenant: Type.Object({ id: Id, slug: Text, name: Text }),
  user: Membership,
  sessions: Type.Array(KeptSession),
  letters: Type.Array(Letter),
  api_keys: Type.Array(
    Type.Object({
      id: Id,
      name: Text,
      created_at: Timestamp,
      expires_at: Nullable(Timestamp),
      revoked_at: Nullable(Timestamp),
    }),
  ),
  audit: Type.Array(KeptEntry),
})
export type Company = Omit<Static<typeof Company>, 'audit'>

/** All that is kept of a person (GDPR, articles 15 and 20): no secret, and nobody else's data. */
export const PersonExport = Type.Object(
  {
    exported_at: Timestamp,
    account: Nullable(Account),
    companies: Type.Array(Company),
  },
  {
    title: 'PersonExport',
    description: 'account: null for who is exported by a company, which the account does not belong to',
  },
)
export type AccountExport = Static<typeof Account>
