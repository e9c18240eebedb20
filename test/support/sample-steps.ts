/** The same numbers for the same seed. */
const createRandom = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/**
 * Some of the steps 1 to `total`, in their order: others on each run, so that all come in time. The seed is printed, and
 * `TEST_SEED` brings a run back.
 */
export const sampleSteps = (total: number, count: number): number[] => {
  const seed = Number(process.env['TEST_SEED'] ?? crypto.getRandomValues(new Uint32Array(1))[0])
  const random = createRandom(seed)
  const steps = Array.from({ length: total }, (_, index) => ({ step: index + 1, place: random() }))
  const chosen = steps.toSorted((a, b) => a.place - b.place).slice(0, count)
  const sample = chosen.map(({ step }) => step).toSorted((a, b) => a - b)
  console.log(`steps ${sample.join(', ')} of ${total}; again with TEST_SEED=${seed}`)
  return sample
}
