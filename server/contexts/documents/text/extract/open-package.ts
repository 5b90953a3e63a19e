import PizZip from 'pizzip'
import { boundedZip } from '#platform/files/zip-bounds.ts'
import { MAX_UNPACKED } from './bounds.ts'
import { Unread } from './content.ts'

/** The parts of a DOCX or XLSX, of which it is known that all of them unpack to less than the bound; null where it is no ZIP. */
export function openPackage(bytes: Uint8Array): { names: string[]; text: (name: string) => string | null } | null {
  let names: string[] | null
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    names = boundedZip(whole, MAX_UNPACKED)
  } catch (error) {
    if (error instanceof RangeError)
      throw new Unread('too_large', `The file unpacks to more than ${MAX_UNPACKED / 1024 / 1024} MiB.`)
    throw new Unread('unreadable', 'The file is damaged: its parts cannot be unpacked.')
  }
  if (names === null) return null
  let opened: PizZip | undefined
  return {
    names,
    text: (name) => {
      opened ??= new PizZip(whole)
      return opened.file(name)?.asText() ?? null
    },
  }
}
