import { createCipheriv, type Cipheriv } from 'node:crypto'

/** What a scrambled file begins with: whoever comes upon it reads what it is, and no program takes it for a file of its own. */
export const QUARANTINE_HEAD = Buffer.from('OFFICINA QUARANTINE 1: infected, scrambled\n')

const NOTHING = Buffer.alloc(16)

/**
 * Scrambles, and unscrambles what is scrambled: AES-256 in counter mode, its key the content's own SHA-256. That is no secret, and is not
 * meant to be: nothing opens the file by accident (a viewer, an index, a scanner on the machine that would take it away), no pattern of
 * it is left as a fixed XOR would leave, and it can be looked at again after every change of master secrets and on every
 * installation that a copy is restored to, which a key of the ring would not promise.
 */
export const scrambler = (sha256: string): Cipheriv =>
  createCipheriv('aes-256-ctr', Buffer.from(sha256, 'hex'), NOTHING)
