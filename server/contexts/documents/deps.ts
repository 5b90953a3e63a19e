import type { Config } from '#config'
import type { BlobStore } from '#platform/blob/blob-store.ts'
import type { Edges } from '#platform/http/edge.ts'
import type { Installation } from '#platform/database/installation.ts'
import type { EdgeWork } from '#platform/database/work.ts'
import type { PlantNamed, WordsOfPlants } from '#contexts/plants'
import type { Log } from '#platform/telemetry/log.ts'
import type { TemplateSources } from './templates/source.ts'
import type { EvidenceHistory, EvidenceSources } from './evidence/source.ts'

/** What a document can be linked to; of a kind that is not there no link can be made. False: it is not there, or not to be seen. */
export type LinkTargets = Readonly<Partial<Record<LinkKind, (work: EdgeWork, id: string) => Promise<boolean>>>>
export type LinkKind = 'plant' | 'line' | 'batch' | 'lot' | 'workflow' | 'task' | 'order'

/** What this context is given by the composition root. */
export type DocumentDeps = {
  readonly config: Config
  readonly log: Log
  readonly edges: Edges
  readonly installation: Installation
  readonly blobs: BlobStore
  readonly linkTargets: LinkTargets
  /** The plants in scope whose names or codes stand in a text. */
  readonly plantsNamed: (work: EdgeWork, words: WordsOfPlants) => Promise<PlantNamed[]>
  /** What an evidence pack can be about, by kind. */
  readonly evidenceSources: EvidenceSources
  readonly evidenceHistory: EvidenceHistory
  /** What values of templates are read from, by the name that tags begin with. */
  readonly templateSources: TemplateSources
}
