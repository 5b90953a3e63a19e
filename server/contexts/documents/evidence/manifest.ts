import type { Absence, Plan } from './plan.ts'
import type { ChosenFile } from './read-files.ts'
import type { PartSum } from './write-archive.ts'

/** Rises where a verifier of before would not understand a pack any more. */
export const PACK_VERSION = 1

/** A version of a document in the pack: where it lies, or why it does not. */
export type PackedDocument = Pick<
  ChosenFile,
  'document_id' | 'name' | 'category' | 'plant_id' | 'version' | 'current' | 'media_type' | 'size' | 'created_at'
> & {
  sha256: string
  scan: string
  author: string | null
  path: string | null
  absent: Absence | null
}

/** What is in the pack besides documents, counted. */
export type Counted = { entries: number; links: number; events: number; decisions: number }

/** What a reader is told of the pack as a whole: the manifest's head, and the index's. */
export type About = {
  format: 'officina-evidence-pack'
  version: number
  pack: { id: string; name: string; language: 'it' | 'en'; versions: 'current' | 'all' }
  subject: Record<string, unknown>
  title: string
  period: { from: string; to: string } | null
  company: { id: string; name: string }
  made_by: { id: string | null; name: string | null }
  requested_at: string
  made_at: string
  made_with: string
  /** Where the company's installation publishes the keys by which the signature and the heads are checked. */
  keys_published_at: string | null
  trail: Counted & { head: { number: number; link: string }; contents: 'included' | 'left out'; addresses: 'left out' }
}

export type Manifest = About & { documents: PackedDocument[]; files: PartSum[] }

/** What is told of a file, whether it is in the pack or not. */
export const packedDocument = (file: ChosenFile, path: string | null, absent: Absence | null): PackedDocument => {
  const { document_id, name, category, plant_id, version, current, media_type, size, created_at } = file
  const { sha256, scan, author } = file
  return {
    ...{ document_id, name, category, plant_id, version, current, media_type, size, created_at },
    ...{ sha256, scan, author, path, absent },
  }
}

/** What the manifest and the index say of the pack as a whole. */
export function aboutPack(
  { pack, collected, company, maker, reach }: Plan,
  counted: Counted,
  made: { at: string; with: string; jwksUrl: string | null; contents: boolean },
): About {
  return {
    ...{ format: 'officina-evidence-pack', version: PACK_VERSION },
    pack: { id: pack.id, name: pack.name, language: pack.language, versions: pack.versions },
    subject: { kind: pack.kind, ...pack.subject },
    title: collected.title,
    period: collected.history.period === null ? null : { ...collected.history.period },
    company: { id: company.id, name: company.name },
    made_by: { id: maker.id, name: maker.name },
    ...{ requested_at: pack.created_at, made_at: made.at, made_with: made.with },
    keys_published_at: made.jwksUrl,
    trail: {
      ...counted,
      head: { number: reach.number, link: reach.link },
      contents: made.contents ? 'included' : 'left out',
      addresses: 'left out',
    },
  }
}

/** As it is written into the pack, and signed. */
export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 1)}\n`
