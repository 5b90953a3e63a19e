import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import type { Tools } from './content.ts'
import { runProgram } from './run-program.ts'

/** The program of this name in the folders of a search path (as PATH has them); null where there is none. */
function found(name: string, path: string): string | null {
  for (const folder of path.split(delimiter)) {
    if (!isAbsolute(folder)) continue
    const file = join(folder, process.platform === 'win32' ? `${name}.exe` : name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // Not here.
    }
  }
  return null
}

/** Whether this Tesseract has both languages; one without Italian reads «perché» as «perche». */
async function knowsLanguages(tesseract: string): Promise<boolean> {
  const said = await runProgram(tesseract, ['--list-langs'], '/').catch(() => Buffer.alloc(0))
  const languages = said.toString('utf8').split(/\s+/)
  return ['ita', 'eng'].every((language) => languages.includes(language))
}

/** The programs of this machine that readers use, looked for on a search path. */
export async function findTools(path: string): Promise<Tools> {
  const tesseract = found('tesseract', path)
  const converters = (['antiword', 'catdoc', 'soffice'] as const).flatMap((name) => {
    const file = found(name, path)
    return file === null ? [] : [{ name, path: file }]
  })
  return {
    tesseract: tesseract !== null && (await knowsLanguages(tesseract)) ? tesseract : null,
    pdftoppm: found('pdftoppm', path),
    doc: converters[0] ?? null,
  }
}
