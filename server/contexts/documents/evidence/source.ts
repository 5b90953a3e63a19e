import type { TObject } from 'typebox'
import type { EdgeWork } from '#platform/database/work.ts'
import type { CloudEvent } from '#platform/events/cloud-event.ts'

/** Half-open, `from` ≤ t < `to`, RFC 3339. */
export type Period = { readonly from: string; readonly to: string }

/** Which documents go in: these, or all that belong to any of the targets (a plant's own among them). */
export type DocumentChoice =
  | { readonly ids: readonly string[] }
  | { readonly linked: readonly { kind: string; id: string }[]; readonly plant_id?: string }

/** What was told and recorded about a subject: events by subject, entries by resource id, both also by plant where the whole plant is meant. */
export type HistoryOf = {
  readonly subjects: readonly string[]
  readonly resources: readonly string[]
  readonly plant_id: string | null
  readonly period: Period | null
}

/** What a source says of its subject, as far as whoever asks may see it. */
export type Collected = {
  readonly title: string
  /** Whoever opens the pack must see all of them. */
  readonly plant_ids: readonly string[]
  /** By file name below `records/`, without `.json`. */
  readonly records: Readonly<Record<string, unknown>>
  readonly documents: DocumentChoice
  readonly history: HistoryOf
}

/** The wire's subject without its kind. */
export type Subject = Readonly<Record<string, unknown>>

/**
 * A kind of subject. `schema`: what names one on the wire, besides its kind. `permissions`: what it takes to see what it collects. `collect` answers null where the subject is not there or
 * not to be seen; it is called in a Work that sees the plants of the pack's maker and no others.
 */
export type EvidenceSource = {
  readonly schema: TObject
  readonly permissions: readonly string[]
  readonly collect: (work: EdgeWork, subject: Subject) => Promise<Collected | null>
}

/** By kind; the kinds on the wire are these. */
export type EvidenceSources = Readonly<Record<string, EvidenceSource>>

/** An entry of the trail, as docs/audit.md has it, with what a reader needs of it. Contents and their salt are null where they are left out. */
export type TrailEntry = {
  number: number
  audit_id: string
  entry: string | null
  digest: string
  link: string
  contents: string | null
  contents_salt: string | null
  at: string
  action: string
  resource: string
  resource_id: string | null
  actor: { kind: string; id: string | null; name: string | null }
}
/** A link of the chain without what it holds; `link` closes it. */
export type ChainLink = { number: number; audit_id: string; digest: string; link: string }
/** `jws`: compact, over tenant_id, number, link and at. */
export type Head = { number: number; link: string; at: string; jws: string }

export type PublicKey = { kty: 'RSA'; n: string; e: string; kid: string; use: 'sig'; alg: 'RS256' }
export type Signed = { jws: string; thumbprint: string }

/** The trail and the events, as other rooms hand them in. Pages: `next` is null where there is no more. */
export type EvidenceHistory = {
  /** What it takes to see events of this type; null where there is none. */
  readonly permissionOf: (type: string) => string | null
  /** The events up to a sequence that may be seen with these permissions. */
  readonly events: (
    work: EdgeWork,
    asked: HistoryOf & { granted: readonly string[]; after: number; until: number },
  ) => Promise<{ events: CloudEvent[]; next: number | null }>
  readonly trail: (
    work: EdgeWork,
    asked: HistoryOf & { after: number; until: number },
  ) => Promise<{ entries: TrailEntry[]; next: number | null }>
  readonly links: (work: EdgeWork, span: { from: number; to: number }) => Promise<ChainLink[]>
  /** The signed heads that were told, and whose link still stands. */
  readonly heads: (work: EdgeWork) => Promise<Head[]>
  /** How far trail and events are, where the entry of this action about this resource is chained; null before. */
  readonly reach: (
    work: EdgeWork,
    entry: { action: string; resource_id: string },
  ) => Promise<{ number: number; link: string; sequence: number } | null>
  readonly signHead: (head: { tenant_id: string; number: number; link: string; at: string }, now: Date) => Promise<Head>
  /** Signs a manifest's digest with the key of the hour; the public key stands in the header. */
  readonly signManifest: (payload: Readonly<Record<string, unknown>>, now: Date) => Promise<Signed>
  /** All public keys that ever signed heads here. */
  readonly keys: () => readonly PublicKey[]
}
