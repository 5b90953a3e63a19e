import type { EmbeddingEdition } from '#platform/model/embeddings.ts'

/** What a tenant's vectors of one model and number of dimensions are kept under. */
export const editionName = ({ model, dimensions }: EmbeddingEdition): string => `${model}@${dimensions}`

/** Vectors of a piece, as `passage_vectors` holds them. */
export const PIECE = 64
