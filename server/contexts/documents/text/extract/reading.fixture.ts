/** What readers say of a file, in this process; and of one in the process that is made for it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runExtractor } from '../run-extractor.ts'
import type { Bench, Draft, Said, Task, Tools } from './content.ts'
import { readPicture } from './read-image.ts'
import { readBytes } from './read-within.ts'
import { openRecogniser } from './run-tesseract.ts'

export const NO_TOOLS: Tools = { tesseract: null, pdftoppm: null, doc: null }
const TASK = {
  file: '',
  folder: '',
  from: 0,
  recognised: 0,
  characters: 0,
  tools: NO_TOOLS,
  ocr: true,
  maxPages: 2_000,
  maxOcrPages: 500,
}

/** A folder for as long as it is used. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'officina-read-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export type Heard = { pages: Draft[]; notes: string[]; expected: number | null }

/** Reads a file here, picture recognition included. */
export const readHere = (
  bytes: Uint8Array | string,
  { hint = '', ...changes }: Partial<Task> & { hint?: string } = {},
): Promise<Heard> =>
  inFolder(async (folder) => {
    const task = { ...TASK, folder, ...changes }
    const heard: Heard = { pages: [], notes: [], expected: null }
    const recognise = openRecogniser(task.tools, folder)
    const bench: Bench = {
      ...{ task, depth: 0 },
      expect: (pages) => Promise.resolve(void (heard.expected = pages)),
      note: (text) => Promise.resolve(void heard.notes.push(text)),
      recognise: async (image) => (task.ocr ? readPicture(await image(), recognise) : null),
      file: async (content) => {
        await writeFile(join(folder, 'within'), content)
        return join(folder, 'within')
      },
    }
    for await (const order of readBytes(Buffer.from(bytes), bench, hint)) heard.pages.push(await order())
    return heard
  })

type Apart = Partial<Task> & { hint?: string; seconds?: number; memory?: number; path?: string }

/** Reads a file in a process of its own; the last of what it says is its end. */
export const readApart = (
  bytes: Uint8Array | string,
  { hint = '', seconds = 60, memory = 1_400, path = '', ...changes }: Apart = {},
): Promise<Said[]> =>
  inFolder(async (folder) => {
    const task = { ...TASK, folder, file: join(folder, 'content'), ...changes }
    await writeFile(task.file, bytes)
    const { signal } = new AbortController()
    const extractor = runExtractor({ task, hint, path, seconds, memory, signal, last: false })
    const heard: Said[] = []
    try {
      for await (const said of extractor.said) {
        heard.push(said)
        if (said.kind === 'gate') extractor.go()
      }
    } finally {
      await extractor.close()
    }
    return heard
  })
