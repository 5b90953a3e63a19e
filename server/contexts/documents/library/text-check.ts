/** Watches bytes go by: is it text, and in which encoding? */
export type TextCheck = {
  readonly push: (chunk: Buffer) => void
  /** Null: it holds bytes that no text has. `legacy`: one byte per letter, as older programs write. */
  readonly end: () => 'utf-8' | 'utf-16' | 'legacy' | null
}

// Tab, line feed, form feed and carriage return stand in texts; other controls, and the NUL above all, do not.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0b\x0e-\x1f\x7f]/

const bomOf = (start: Buffer): 'utf-16le' | 'utf-16be' | null =>
  start.length < 2
    ? null
    : start.readUInt16BE(0) === 0xfffe
      ? 'utf-16le'
      : start.readUInt16BE(0) === 0xfeff
        ? 'utf-16be'
        : null

type Decoder = InstanceType<typeof TextDecoder>

/** Made for one file; its chunks in their order. The first must hold two bytes at least, where the file does. */
export function checkText(): TextCheck {
  let wide: Decoder | null | undefined
  let utf8: Decoder | null = new TextDecoder('utf-8', { fatal: true })
  let isText = true
  const decode = (decoder: Decoder, chunk: Buffer | undefined): string | null => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined })
    } catch {
      return null
    }
  }
  return {
    push: (chunk) => {
      if (wide === undefined) {
        const bom = bomOf(chunk)
        wide = bom === null ? null : new TextDecoder(bom, { fatal: true })
      }
      if (!isText) return
      if (wide !== null) {
        const text = decode(wide, chunk)
        isText = text !== null && !CONTROL.test(text)
        return
      }
      isText = !CONTROL.test(chunk.toString('latin1'))
      if (utf8 !== null && decode(utf8, chunk) === null) utf8 = null
    },
    end: () => {
      if (!isText) return null
      if (wide) return decode(wide, undefined) === null ? null : 'utf-16'
      return utf8 !== null && decode(utf8, undefined) !== null ? 'utf-8' : 'legacy'
    },
  }
}
