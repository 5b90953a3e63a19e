import { readConfig } from './config.ts'
import { endingOf } from './exit-code.ts'
import { serve } from './serve.ts'

try {
  await serve(readConfig())
} catch (error) {
  const { code, message } = endingOf(error)
  process.stderr.write(`${message}\n`)
  process.exit(code)
}
