import type { Config } from '#config'
import type { CustodyDoor } from '#platform/database/custody.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import type { Edges } from '#platform/http/edge.ts'
import type { Issuing } from './tokens/token-keys.ts'

/** Whether plants are there and in the scope of a Work; the plants' own door answers. */
export type PlantsExist = (work: EdgeWork, plantIds: readonly string[]) => Promise<boolean>

/** What ordering letters to people needs. */
export type Post = {
  readonly config: Config
  readonly installation: { readonly masters: readonly { secret: Buffer }[] }
}

/** What the administration of a company is handed from outside. */
export type AdministrationDeps = Post & {
  readonly edges: Edges
  readonly installation: { readonly custody: CustodyDoor }
  readonly issuing: Issuing
  readonly plantsExist: PlantsExist
  /** How many plants a Work sees. */
  readonly countPlants: (work: EdgeWork) => Promise<number>
}
