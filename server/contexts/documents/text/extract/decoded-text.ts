import { Unread } from './content.ts'

/** UTF-16 without a mark: every second byte of plain text is zero. */
function wide(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const start = bytes.subarray(0, 2_000)
  const zeros = [0, 0]
  for (const [at, byte] of start.entries()) if (byte === 0) zeros[at % 2]! += 1
  if (zeros[1]! > start.length * 0.2 && zeros[0]! < start.length * 0.02) return 'utf-16le'
  if (zeros[0]! > start.length * 0.2 && zeros[1]! < start.length * 0.02) return 'utf-16be'
  return null
}

function encodingOf(bytes: Uint8Array, declared: string | undefined): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  const broad = wide(bytes)
  if (broad !== null) return broad
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return 'utf-8'
  } catch {
    // What Windows programs of half a century write: every byte means something.
    return declared ?? 'windows-1252'
  }
}

/**
 * Text of UTF-8 or UTF-16, with or without a mark, or of one byte a character. `declared`: what the file says of itself, believed where
 * it is not UTF. Refused as unreadable: what has control characters that no text has.
 */
export function decodedText(bytes: Uint8Array, declared?: string): string {
  let text: string
  try {
    text = new TextDecoder(encodingOf(bytes, declared)).decode(bytes)
  } catch {
    text = new TextDecoder('windows-1252').decode(bytes)
  }
  // oxlint-disable-next-line no-control-regex -- that is what is looked for
  const controls = text.slice(0, 100_000).match(/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/g)?.length ?? 0
  if (controls > 0 && controls > Math.min(text.length, 100_000) / 1_000)
    throw new Unread('unreadable', 'The file is not text, though its name says so.')
  return text.replaceAll('\r\n', '\n').replaceAll('\r', '\n')
}
