import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

export type SourceFile = { file: string; text: string }

/** The product's own TypeScript: no tests, nothing generated. Throws where there is next to none, as a wrong path would. */
export function sourceFiles(pattern: string, least: number): SourceFile[] {
  const files = globSync(pattern, {
    cwd: root,
    exclude: ['**/node_modules/**', '**/*.test.ts', '**/*.fixture.ts', '**/*.gen.ts'],
  })
  if (files.length < least) throw new Error(`Only ${files.length} files match ${pattern}: the check would see nothing`)
  return files.toSorted().map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))
}
