/**
 * Reads one file in a process of its own, and says its pages line by line on the standard output (`Said`). It knows paths and numbers
 * alone: no settings, no secrets, no database, and it calls nobody. Its parent watches its memory and its time, and ends it.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { MAX_CHARS, MAX_PAGE_CHARS, OCR_USED_UP } from './extract/bounds.ts'
import { type Bench, type Draft, type Said, type Task, Unread } from './extract/content.ts'
import { readBytes } from './extract/read-within.ts'
import type { Recogniser } from './extract/run-tesseract.ts'

async function say(said: Said): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(said)}\n`)) await once(process.stdout, 'drain')
}

/** Text that PostgreSQL takes and a terminal survives, of no more than a page. */
function tidy(draft: Draft): Draft {
  const wanted = draft.text.replaceAll(/[^\P{Cc}\n\t]/gu, ' ').toWellFormed()
  const text = wanted.slice(0, MAX_PAGE_CHARS).toWellFormed()
  const words = draft.words?.filter(([start, length]) => start + length <= text.length) ?? null
  return { ...draft, text, words }
}

/** The parent lets one at a time recognise: it is told that this one wants to, and answers when it may. */
function openGate(): () => Promise<void> {
  let opened: Promise<void> | undefined
  const lines = createInterface({ input: process.stdin })
  const go = once(lines, 'line')
  // The parent is gone: nobody wants the pages.
  lines.once('close', () => process.exit(0))
  const ask = async (): Promise<void> => {
    await say({ kind: 'gate' })
    await go
  }
  return () => (opened ??= ask())
}

function openBench(task: Task, notes: string[]): Bench {
  const gate = openGate()
  let [recognised, files] = [task.recognised, 0]
  let recognise: Recogniser | undefined
  const note = async (text: string): Promise<void> => {
    if (notes.includes(text)) return
    notes.push(text)
    await say({ kind: 'note', text })
  }
  return {
    ...{ task, depth: 0, note },
    expect: (pages) => say({ kind: 'pages', pages }),
    recognise: async (image) => {
      if (!task.ocr) return null
      if (recognised >= task.maxOcrPages) {
        await note(OCR_USED_UP)
        return null
      }
      recognised += 1
      await gate()
      // Loaded for those that need it: most files are text, and begin in half the time without.
      const { readPicture } = await import('./extract/read-image.ts')
      const { openRecogniser } = await import('./extract/run-tesseract.ts')
      return readPicture(await image(), (recognise ??= openRecogniser(task.tools, task.folder)))
    },
    file: async (bytes) => {
      files += 1
      const path = join(task.folder, `within-${files}`)
      await writeFile(path, bytes)
      return path
    },
  }
}

/** Answers with how many pages there are, as far as they were looked at. */
async function readPages(task: Task, hint: string, notes: string[]): Promise<number> {
  const bench = openBench(task, notes)
  let [page, characters] = [0, task.characters]
  for await (const order of readBytes(await readFile(task.file), bench, hint)) {
    if (page >= task.maxPages)
      throw new Unread(
        'too_large',
        `The document has more pages than are read (TEXT_MAX_PAGES): the first ${page} are.`,
      )
    page += 1
    if (page <= task.from) continue
    const draft = tidy(await order())
    characters += draft.text.length
    if (draft.text.length === MAX_PAGE_CHARS) await bench.note(`Of a page only ${MAX_PAGE_CHARS} characters were kept.`)
    await say({ kind: 'page', page: { page, ...draft } })
    if (characters > MAX_CHARS) throw new Unread('too_large', `The text has more than ${MAX_CHARS} characters.`)
  }
  return page
}

async function main(): Promise<void> {
  const [task, hint] = JSON.parse(process.argv[2]!) as [Task, string]
  await say({ kind: 'ready' })
  const notes: string[] = []
  const ended = (state: 'read' | Unread['state'], detail: string | null, pages: number): Promise<void> =>
    say({ kind: 'end', state, detail, pages })
  try {
    const pages = await readPages(task, hint, notes)
    await ended(notes.includes(OCR_USED_UP) ? 'too_large' : 'read', null, pages)
  } catch (error) {
    if (error instanceof Unread) await ended(error.state, error.message, 0)
    else {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
      await ended('unreadable', 'The file is damaged, or made in a way that its reader does not know.', 0)
    }
  }
  // What a library left open ends with it.
  process.stdout.write('', () => process.exit(0))
}

await main()
