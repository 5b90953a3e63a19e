import { lookup as resolve, type LookupAddress } from 'node:dns'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { packetGuard } from './packet-guard.ts'

export const LONGEST_PACKET = 1_048_576
const CONNECT_MS = 15_000

export type SocketOptions = {
  url: URL
  /** PEM of the authority that signed the broker's certificate, where it is not a public one. */
  ca: string | null
  /** Whether an address may be connected to, asked of each that the name has, with each connection. */
  mayCall: (address: string) => boolean
}

type Found = (error: NodeJS.ErrnoException | null, address: LookupAddress[] | string, family?: number) => void

/** Resolves a name and refuses it where one of its addresses may not be called: the connection goes to what was checked. */
const checkedLookup =
  (mayCall: SocketOptions['mayCall']) =>
  (host: string, options: { all?: boolean }, done: Found): void => {
    resolve(host, { all: true, verbatim: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error) done(error, [])
      else if (first === undefined || !addresses.every(({ address }) => mayCall(address))) done(refused(), [])
      else if (options.all) done(null, addresses)
      else done(null, first.address, first.family)
    })
  }
const refused = (): Error => new Error('The address is internal, and this installation does not allow it.')

/** A connection to a broker: plain for mqtt://, TLS with a checked certificate for mqtts://. Always answers; fails by its error. */
export function openSocket({ url, ca, mayCall }: SocketOptions): Duplex {
  const secure = url.protocol === 'mqtts:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const to = {
    host,
    port: Number(url.port || (secure ? 8883 : 1883)),
    lookup: checkedLookup(mayCall) as net.LookupFunction,
  }
  const name = net.isIP(host) === 0 ? { servername: host } : {}
  const socket = secure ? tls.connect({ ...to, ...name, ...(ca !== null && { ca }) }) : net.connect(to)
  socket.setTimeout(CONNECT_MS, () => socket.destroy(new Error('The broker does not answer.')))
  socket.once(secure ? 'secureConnect' : 'connect', () => socket.setTimeout(0))
  const fits = packetGuard(LONGEST_PACKET)
  socket.on('data', (bytes: Buffer) => {
    if (!fits(bytes)) socket.destroy(new Error('The broker sent a packet of more than a megabyte.'))
  })
  // A literal address is never looked up.
  if (net.isIP(host) !== 0 && !mayCall(host)) socket.destroy(refused())
  return socket
}
