/** Holds matrices and looks through them, in a thread of its own: a search of a large company holds up nobody's request. */
import { parentPort } from 'node:worker_threads'
import { type Matrix, newMatrix } from './matrix.ts'
import type { MatrixAnswer, MatrixTask } from './matrix-thread.ts'

const matrices = new Map<string, Matrix>()
const SHA256 = 64

function* contentsOf(joined: string): Generator<string> {
  for (let at = 0; at < joined.length; at += SHA256) yield joined.slice(at, at + SHA256)
}

function perform(task: MatrixTask): MatrixAnswer {
  const { key } = task
  if (task.do === 'drop') {
    matrices.delete(key)
    return []
  }
  const matrix = matrices.get(key)
  if (task.do === 'search') return matrix?.nearest(task.vector, contentsOf(task.contents), task.each, task.limit) ?? []
  const held = matrix ?? newMatrix(task.dimensions)
  matrices.set(key, held)
  held.add(
    task.pieces.map((piece) => ({ ...piece, scales: Buffer.from(piece.scales), coarse: Buffer.from(piece.coarse) })),
  )
  return []
}

parentPort!.on('message', ({ id, task }: { id: number; task: MatrixTask }) => {
  try {
    parentPort!.postMessage({ id, answer: perform(task) }, [])
  } catch (error) {
    parentPort!.postMessage({ id, error: String(error) }, [])
  }
})
