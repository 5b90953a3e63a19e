import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Bench, type PageOrder, plain, type Reader, type Tools, Unread } from './content.ts'
import { decodedText } from './decoded-text.ts'
import { flowingPages } from './flowing-pages.ts'
import { runProgram } from './run-program.ts'

/** What each converter is asked for: text in UTF-8, lines as long as their paragraphs. */
async function converted(doc: NonNullable<Tools['doc']>, file: string, folder: string): Promise<Buffer> {
  if (doc.name === 'antiword') return runProgram(doc.path, ['-w', '0', '-m', 'UTF-8.txt', file], folder)
  if (doc.name === 'catdoc') return runProgram(doc.path, ['-w', '-d', 'utf-8', file], folder)
  const profile = `-env:UserInstallation=${pathToFileURL(join(folder, 'profile')).href}`
  const options = ['--headless', '--norestore', '--convert-to', 'txt:Text (encoded):UTF8', '--outdir', folder]
  await runProgram(doc.path, [profile, ...options, file], folder)
  return readFile(`${file}.txt`)
}

const converterOf = ({ task }: Bench): NonNullable<Tools['doc']> => {
  if (task.tools.doc !== null) return task.tools.doc
  throw new Unread(
    'unsupported',
    'Word files before 2007 need a converter: install antiword (or catdoc, or LibreOffice).',
  )
}

/** Word before 2007, by a converter of this machine. */
export const readDoc: Reader = async function* (bytes, bench): AsyncGenerator<PageOrder> {
  const converter = converterOf(bench)
  const text = await converted(converter, await bench.file(bytes), bench.task.folder).catch(() => {
    throw new Unread('unreadable', `The Word file cannot be read by ${converter.name}.`)
  })
  const pages = flowingPages(decodedText(text))
  await bench.expect(pages.length)
  for (const page of pages) yield () => Promise.resolve(plain(page))
}
