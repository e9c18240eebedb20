const everyMs = 500

/** Measures how late timers run. Begins with the first question: a server that nobody watches is not woken for it. */
export const createLagMeter = () => {
  let isMeasuring = false
  let worstMs = 0
  let expectedAt = 0
  const tick = () => {
    const now = performance.now()
    worstMs = Math.max(worstMs, now - expectedAt)
    expectedAt = now + everyMs
  }
  return {
    /** The worst delay in seconds since it was asked for last. */
    takeWorst(): number {
      if (!isMeasuring) {
        isMeasuring = true
        expectedAt = performance.now() + everyMs
        setInterval(tick, everyMs).unref()
      }
      const worst = worstMs
      worstMs = 0
      return worst / 1000
    },
  }
}
