import { BlockList, isIP } from 'node:net'

/** A network in CIDR's terms. */
export type Network = { readonly address: string; readonly prefix: number; readonly family: 'ipv4' | 'ipv6' }

/** `10.1.0.0/16`, or one address; null for anything else. */
export function parseNetwork(text: string): Network | null {
  const [address = '', bits, ...more] = text.split('/')
  const version = isIP(address)
  if (version === 0 || more.length > 0 || address.includes('%')) return null
  const longest = version === 4 ? 32 : 128
  const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  return prefix <= longest ? { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' } : null
}

const listOf = (networks: readonly Network[]): BlockList => {
  const list = new BlockList()
  for (const { address, prefix, family } of networks) list.addSubnet(address, prefix, family)
  return list
}
const listed = (...texts: string[]): BlockList => listOf(texts.map((text) => parseNetwork(text)!))

// IANA's special-purpose registry. 100.64/10 is shared by carriers, and holds a cloud's metadata; 168.63.129.16 is another cloud's.
const INTERNAL_V4 = listed(
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4', '168.63.129.16/32'],
)
// Only global unicast is public at all: loopback, link-local, unique-local, multicast, IPv4-mapped and translated addresses lie outside.
const GLOBAL_V6 = listed('2000::/3')
// Within it: Teredo and other protocols, documentation, 6to4, all of which can carry an IPv4 address or lead nowhere.
const SPECIAL_V6 = listed('2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20')

/** Whether a packet to this address leaves for the public network. Anything that is not an address does not. */
export function isPublic(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return !INTERNAL_V4.check(address, 'ipv4')
  return version === 6 && GLOBAL_V6.check(address, 'ipv6') && !SPECIAL_V6.check(address, 'ipv6')
}

/** What may be called: the public network, and those that the installation allows. */
export function callable(allowed: readonly Network[]): (address: string) => boolean {
  const list = listOf(allowed)
  return (address) =>
    isPublic(address) || (isIP(address) !== 0 && list.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6'))
}
