import { randomBytes } from 'node:crypto'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Whether an error carries this code of the operating system. */
export const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code

const temporaryBeside = async (path: string, content: string | Buffer): Promise<string> => {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  } finally {
    await file.close()
  }
  return temporary
}

/** A rename survives a power cut only once the file's directory is on disk; Windows cannot open one, and need not. */
export const syncDirectory = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

/** Replaces a file (mode 0600) as a whole: a reader sees the old content or the new, even after a crash. */
export const replaceFile = async (path: string, content: string | Buffer): Promise<void> => {
  const temporary = await temporaryBeside(path, content)
  try {
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(path)
}

/**
 * Creates a file (mode 0600) as a whole unless it is there already; says whether this call made it. Of several
 * processes exactly one wins: a link, unlike a rename, refuses to replace.
 */
export const createFile = async (path: string, content: string | Buffer): Promise<boolean> => {
  const temporary = await temporaryBeside(path, content)
  try {
    await link(temporary, path)
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
  await syncDirectory(path)
  return true
}
