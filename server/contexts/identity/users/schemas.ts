import { Type, type Static } from 'typebox'
import { Email, Id, Line, Nullable, OneOf, Shape, Stamps, Timestamp } from '#platform/http/shapes.ts'
import { PlantScope } from '../plant-scope.ts'

export const UserStatus = OneOf(['Active', 'Invited', 'Suspended'])
export type UserStatus = Static<typeof UserStatus>

const RoleName = Line(100, {
  description: 'The name of a default role or of one of the company’s own',
  examples: ['Operator'],
})

/** A person’s membership in the company. */
export const User = Type.Object(
  {
    id: Id,
    email: Type.String(),
    name: Type.String(),
    surname: Type.String(),
    role: Type.String(),
    status: UserStatus,
    plant_scope: PlantScope,
    last_login: Nullable(Timestamp),
    ...Stamps,
  },
  { title: 'User' },
)
export type User = Static<typeof User>

export const NewUser = Shape(
  {
    email: { ...Email, examples: ['maria.rossi@example.com'] } as typeof Email,
    name: Line(100, { examples: ['Maria'] }),
    surname: Line(100, { examples: ['Rossi'] }),
    role: RoleName,
    plant_scope: Type.Optional(PlantScope),
    password: Type.Optional(
      Type.String({
        minLength: 8,
        maxLength: 256,
        description:
          'Without one the person is invited by mail and chooses it. Who has an account already keeps their own password and is asked by mail.',
      }),
    ),
  },
  { title: 'NewUser' },
)
export type NewUser = Static<typeof NewUser>

export const UserChange = Shape(
  {
    name: Type.Optional(Line(100)),
    surname: Type.Optional(Line(100)),
    role: Type.Optional(RoleName),
    plant_scope: Type.Optional(PlantScope),
    status: Type.Optional(OneOf(['Active', 'Suspended'], { description: 'A suspended user’s sessions end at once' })),
  },
  { title: 'UserChange' },
)
export type UserChange = Static<typeof UserChange>
