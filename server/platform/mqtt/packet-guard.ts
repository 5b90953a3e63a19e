/**
 * Watches the bytes that a broker sends and says when a packet is longer than is accepted: a client of MQTT 3.1.1 cannot tell
 * its broker, and would gather up to 256 MB before it looks at them.
 */
export function packetGuard(longest: number): (bytes: Uint8Array) => boolean {
  /** Bytes of the packet's body that are still to come; null while its header is read. */
  let left: number | null = null
  let [place, length] = [0, 0]
  return (bytes) => {
    for (let at = 0; at < bytes.length;) {
      if (left !== null) {
        const step = Math.min(left, bytes.length - at)
        at += step
        left -= step
        if (left === 0) left = null
        continue
      }
      const byte = bytes[at]!
      at += 1
      // The first byte is the kind; up to four tell the length, seven bits each.
      if (place > 0) {
        length += (byte & 127) * 128 ** (place - 1)
        if (length > longest || (place === 4 && byte > 127)) return false
      }
      const more = place === 0 || byte > 127
      place = more ? place + 1 : 0
      if (more) continue
      if (length > 0) left = length
      length = 0
    }
    return true
  }
}
