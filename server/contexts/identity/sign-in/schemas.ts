import { Type } from 'typebox'
import { Line, Shape, type Static } from '#platform/http/shapes.ts'

export const Tokens = Type.Object(
  {
    access_token: Type.String({ description: 'RS256 JWT, for the Authorization header' }),
    refresh_token: Type.String({ description: 'Good once; replaced at each refresh' }),
    token_type: Type.Literal('bearer'),
    expires_in: Type.Integer({ description: 'Seconds until the access token expires' }),
  },
  { title: 'Tokens' },
)
export type Tokens = Static<typeof Tokens>

export const SecondFactorRequired = Type.Object(
  {
    mfa_required: Type.Literal(true),
    mfa_token: Type.String({ description: 'For /auth/mfa/verify: five minutes, five tries' }),
  },
  { title: 'SecondFactorRequired' },
)

export const TenantRequired = Type.Object(
  {
    tenant_required: Type.Literal(true),
    tenants: Type.Array(Type.Object({ slug: Type.String(), name: Type.String() })),
    login_token: Type.String({
      description: 'For /auth/login with the chosen tenant, in place of name and password; five minutes',
    }),
  },
  { title: 'TenantRequired' },
)

export const SignInAnswer = Type.Union([Tokens, SecondFactorRequired, TenantRequired])
export type SignInAnswer = Static<typeof SignInAnswer>

/** A password that is only compared: bounded, and otherwise whatever was typed. */
export const TypedPassword = Type.String({ minLength: 1, maxLength: 512, examples: ['correct horse battery'] })
/** A password to be kept; the rule is said by a refusal with its reason. */
export const NewPassword = Type.String({
  minLength: 1,
  maxLength: 512,
  description: '8 to 128 characters, not a common one and not made of your own names',
  examples: ['correct horse battery'],
})
/** Without an @, so that it is never somebody's email; unique whatever its case. */
export const Username = Type.String({
  minLength: 3,
  maxLength: 100,
  pattern: '^[A-Za-z0-9][A-Za-z0-9._-]+$',
  examples: ['maria.rossi'],
})
export const Slug = Type.String({ maxLength: 63, pattern: '^[a-z0-9][a-z0-9-]{1,62}$', examples: ['solare-lombardia'] })
export const Code = Line(40, {
  description: 'Six digits of the authenticator app, or a recovery code',
  examples: ['123456'],
})
export const OpaqueText = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '^[A-Za-z0-9_-]+$',
  examples: ['Zk9uYW1lX2lzX2dpdmVuX2hlcmVfYnV0X2xvbmc'],
})

export const Credentials = Shape({
  email: Type.Optional(Line(254, { examples: ['admin@demo.example'] })),
  username: Type.Optional(Line(100)),
  password: Type.Optional(TypedPassword),
  tenant: Type.Optional(Slug),
  login_token: Type.Optional(OpaqueText),
})
export type Credentials = Static<typeof Credentials>
