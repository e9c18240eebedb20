import type { PullStep } from '../../adapters/ollama/types.ts'

interface Layer {
  total: number
  completed: number
}

export interface PullProgress {
  percent: number
  stage: string
  totalBytes: number
  completedBytes: number
}

/** More layers than any model has are not counted. */
const maxLayers = 10_000

/** The first that fits counts. The order is that of work.md 2.1, but `downloading` is no `loading`. */
const stages: [RegExp, string][] = [
  [/queued|waiting|pending|prepar/, 'queued'],
  [/verif|integrity/, 'verifying'],
  [/extract|final|unpack|writing|\bload|removing|success|complete/, 'finalizing'],
]

export const toStage = (status: string): string => {
  const words = status.toLowerCase()
  return stages.find(([pattern]) => pattern.test(words))?.[1] ?? 'downloading'
}

/**
 * Adds up the layers of a pull. What is completed of a layer only grows and never passes its total. The percent (1 to 99:
 * it is all there when the model is registered) never falls, although totals are only told layer by layer.
 */
export const createPullProgress = () => {
  const layers = new Map<string, Layer>()
  let totalBytes = 0
  let completedBytes = 0
  let percent = 1

  const count = ({ digest, total, completed }: PullStep) => {
    if (!digest || (layers.size >= maxLayers && !layers.has(digest))) return
    const old = layers.get(digest) ?? { total: 0, completed: 0 }
    const newTotal = Math.max(old.total, total ?? 0)
    const layer = { total: newTotal, completed: Math.min(Math.max(old.completed, completed ?? 0), newTotal) }
    totalBytes += layer.total - old.total
    completedBytes += layer.completed - old.completed
    layers.set(digest, layer)
  }
  return {
    add(step: PullStep): PullProgress {
      count(step)
      if (totalBytes > 0) percent = Math.max(percent, Math.min(99, Math.floor((completedBytes * 100) / totalBytes)))
      return { percent, stage: toStage(step.status), totalBytes, completedBytes }
    },
    /** Whether there were layers and all of them have arrived. */
    isComplete: () => totalBytes > 0 && completedBytes === totalBytes,
  }
}
