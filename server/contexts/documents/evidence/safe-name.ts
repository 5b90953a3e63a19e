const LONGEST = 80

/**
 * A name of a file that every system can store: letters of ASCII, digits, `-`, `_` and `.`; without paths, control characters or marks that
 * turn the direction of text, and never empty. The name as it was given stands in the index and the manifest.
 */
export function safeName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
    .replaceAll(/\.{2,}/g, '.')
    .replaceAll(/_+/g, '_')
    .replaceAll(/^[._-]+|[._-]+$/g, '')
  const dot = plain.lastIndexOf('.')
  const extension = dot > 0 && plain.length - dot <= 11 ? plain.slice(dot) : ''
  const stem = plain.slice(0, plain.length - extension.length).slice(0, LONGEST - extension.length)
  return `${stem.replace(/[._-]+$/, '') || 'file'}${extension}`
}

/** The place of a file in a pack: its number makes it unique, also where a system knows no capitals, and no reserved word. */
export const documentPath = (position: number, version: number, fileName: string): string =>
  `documents/${String(position).padStart(5, '0')}-v${version}-${safeName(fileName)}`
