import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createWorker, OEM, type PSM, type Worker } from 'tesseract.js'
import type { Tools } from './content.ts'
import { runProgram } from './run-program.ts'

/** Recognises a picture (PNG or JPEG); `mode` is Tesseract's --psm. Answers with TSV. */
export type Recogniser = (image: Uint8Array, mode: number) => Promise<string>

/** The program of the machine: two to four times as fast as the one in WebAssembly. */
const byProgram =
  (path: string, folder: string): Recogniser =>
  async (image, mode) => {
    const file = join(folder, 'ocr-page')
    await writeFile(file, image)
    const args = [file, 'stdout', '-l', 'ita+eng', '--psm', String(mode), '--dpi', '200', 'tsv']
    return (await runProgram(path, args, folder)).toString('utf8')
  }

/** Both languages in one folder, where tesseract.js looks for them; it would download what is not there. */
async function languages(folder: string): Promise<void> {
  const installed = {
    ita: import.meta.resolve('@tesseract.js-data/ita'),
    eng: import.meta.resolve('@tesseract.js-data/eng'),
  }
  for (const [language, address] of Object.entries(installed)) {
    const name = `${language}.traineddata.gz`
    const held = fileURLToPath(new URL(`4.0.0_best_int/${name}`, address))
    await symlink(held, join(folder, name)).catch((error: unknown) => {
      if ((error as { code?: string }).code !== 'EEXIST') throw error
    })
  }
}

function byPackage(folder: string): Recogniser {
  let starting: Promise<Worker> | undefined
  const start = async (): Promise<Worker> => {
    await languages(folder)
    return createWorker(['ita', 'eng'], OEM.LSTM_ONLY, {
      ...{ langPath: folder, cacheMethod: 'none', gzip: true },
      // It has told whoever waits; thrown besides, it would end the process.
      errorHandler: () => undefined,
    })
  }
  return async (image, mode) => {
    const worker = await (starting ??= start())
    await worker.setParameters({ tessedit_pageseg_mode: String(mode) as PSM, user_defined_dpi: '200' })
    const { data } = await worker.recognize(Buffer.from(image), {}, { text: false, tsv: true })
    return data.tsv ?? ''
  }
}

/** The installed program where it knows Italian and English (`findTools` has seen that), and the package otherwise. */
export const openRecogniser = ({ tesseract }: Tools, folder: string): Recogniser =>
  tesseract === null ? byPackage(folder) : byProgram(tesseract, folder)
