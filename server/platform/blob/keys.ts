/** A name that no file system and no address reads as anything else: neither «.» nor «..», nothing to escape. */
const NAME = /^[a-z0-9][a-z0-9.-]{0,199}$/
const PREFIX = /^([a-z0-9][a-z0-9.-]{0,199}\/)*([a-z0-9][a-z0-9.-]{0,199})?$/
const LONGEST = 600

/** The key itself; throws where it is none: a key is made by the program, never by whoever calls it. */
export function checkedKey(key: string): string {
  if (key.length > LONGEST || !key.split('/').every((name) => NAME.test(name)))
    throw new Error(`Not a key of a blob: ${JSON.stringify(key.slice(0, 100))}`)
  return key
}

/** The same of how keys begin; empty for all of them. */
export function checkedPrefix(prefix: string): string {
  if (prefix.length > LONGEST || !PREFIX.test(prefix))
    throw new Error(`Not how keys of blobs begin: ${JSON.stringify(prefix.slice(0, 100))}`)
  return prefix
}
