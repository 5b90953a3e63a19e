import { closeSync, copyFileSync, fstatSync, openSync, readSync, statSync, truncateSync } from 'node:fs'

/** What a pino or Fastify logger offers. */
export type Log = {
  info: (details: object, message: string) => void
  warn: (details: object, message: string) => void
}

const limit = 10 * 1024 * 1024 // with its one predecessor: 20 MB at most, some weeks of a busy server

/** Safe while the server writes: it appends, so after the truncation it goes on at the beginning. */
export function rotate(file: string): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < limit) return
  copyFileSync(file, `${file}.1`)
  truncateSync(file)
}

/** What was written since `start`, at most the last 4 kB of it. */
export function tail(file: string, start: number): string {
  const fd = openSync(file, 'r')
  try {
    const { size } = fstatSync(fd)
    const buffer = Buffer.alloc(Math.min(Math.max(size - start, 0), 4096))
    readSync(fd, buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString('utf8').trim()
  } finally {
    closeSync(fd)
  }
}
