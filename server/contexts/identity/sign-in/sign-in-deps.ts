import type { Config } from '#config'
import type { Afterwards } from '#platform/afterwards.ts'
import type { Installation } from '#platform/database/installation.ts'
import type { Edges } from '#platform/http/edge.ts'
import type { Limits } from '#platform/http/rate-limits.ts'
import type { KeyRing } from '#platform/secrets/field-encryption.ts'
import type { Issuing } from '../tokens/token-keys.ts'

/** What signing in needs of the installation. */
export type SignInDeps = {
  readonly config: Config
  readonly installation: Pick<Installation, 'database' | 'custody' | 'masters'>
  readonly edges: Edges
  readonly limits: Limits
  readonly issuing: Issuing
  readonly ring: KeyRing
  readonly afterwards: Afterwards
}
