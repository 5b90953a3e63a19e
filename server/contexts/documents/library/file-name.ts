/** A name that every file system and every reader takes as it looks, and the extension that says its type. */
export type FileName = { readonly name: string; readonly extension: string }

// Windows keeps these for devices, whatever extension follows (Microsoft, «Naming Files, Paths, and Namespaces»).
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)$/i
// Common file systems hold 255 bytes.
const MAX_BYTES = 255
const ALIASES: Readonly<Record<string, string>> = { jpeg: 'jpg' }

const bytes = (text: string): number => new TextEncoder().encode(text).length

function cut(stem: string, room: number): string {
  const letters = Array.from(stem)
  while (letters.length > 0 && bytes(letters.join('')) > room) letters.pop()
  return letters.join('').trimEnd()
}

/**
 * Cleans a name that somebody sent: what stands before the last slash goes, and so do control characters and marks that are not seen or
 * turn the direction of writing («fdp.exe» read backwards); what Windows forbids becomes `_`, and a device's name gets one in front.
 * NFC; at most 255 bytes. Null where nothing is left.
 */
export function cleanName(given: string): FileName | null {
  const last = given.toWellFormed().split(/[/\\]/).at(-1) ?? ''
  const plain = last
    .normalize('NFC')
    .replace(/[\p{Zl}\p{Zp}\p{Zs}\t\r\n]/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\uFFFD]/gu, '')
    .replace(/ +/g, ' ')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[. ]+|[. ]+$/g, '')
  if (!/[\p{L}\p{N}]/u.test(plain)) return null
  const dot = plain.lastIndexOf('.')
  const [stem, ending] = dot > 0 ? [plain.slice(0, dot).trimEnd(), plain.slice(dot)] : [plain, '']
  const safe = DEVICE.test(stem.split('.')[0]!.trim()) ? `_${stem}` : stem
  const name = `${cut(safe, Math.max(MAX_BYTES - bytes(ending), 1))}${ending}`
  if (bytes(name) > MAX_BYTES) return cleanName(cut(plain, MAX_BYTES))
  const extension = ending.slice(1).toLowerCase()
  return { name, extension: ALIASES[extension] ?? extension }
}

const asciiOf = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/g, '_')
    .replace(/["\\%]/g, '_')

// RFC 8187, attr-char: what encodeURIComponent leaves besides must be encoded too.
const encoded = (name: string): string =>
  encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** Content-Disposition that saves and never shows (RFC 6266): a plain name for old readers, the true one for all others. */
export const dispositionOf = (name: string): string =>
  `attachment; filename="${asciiOf(name)}"; filename*=UTF-8''${encoded(name)}`

/** The name to save a document under: its own, with the extension of its type where it does not end in it. */
export const savedName = (name: string, type: string): string =>
  cleanName(name)?.extension === type ? name : `${name}.${type}`
