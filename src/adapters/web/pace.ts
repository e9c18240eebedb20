import type { Pace } from './types.ts'

/** Watches over one body. */
export interface PaceWatch {
  /** So many bytes came. */
  add: (bytes: number) => void
  stop: () => void
}

/**
 * Calls `onSlow` once when a span of time brings less than the pace, with words for it. The first span begins with the
 * first byte: what is before is a silence.
 */
export const watchPace = ({ bytes: minBytes, ms }: Pace, onSlow: (text: string) => void): PaceWatch => {
  let received = 0
  let timer: ReturnType<typeof setInterval> | undefined
  const stop = () => clearInterval(timer)
  const check = () => {
    if (received < minBytes) {
      stop()
      onSlow(`less than ${minBytes / 1000} kB in ${ms / 1000} seconds`)
    }
    received = 0
  }
  const add = (bytes: number) => {
    received += bytes
    timer ??= setInterval(check, ms)
  }
  return { add, stop }
}
