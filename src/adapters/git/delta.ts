import { damagedPack } from './git-failure.ts'
import type { Pause } from './pause.ts'
import { readSize } from './size-number.ts'

const COPY = 0x80
const DEFAULT_COPY_BYTES = 0x10000
const STEPS_BETWEEN_PAUSES = 4096
const PIECE_BYTES = 262_144

/** How large what a delta makes is, as it says itself. Throws `GitError`. */
export const deltaResultBytes = (delta: Uint8Array): number => readSize(delta, readSize(delta, 0).end).value

/**
 * Applies a delta, and yields what it makes in pieces, each valid until the next. Not one byte more than the delta states
 * comes out, and not less. Throws `GitError`.
 */
export async function* applyDelta(delta: Buffer, base: Buffer, pause: Pause): AsyncGenerator<Uint8Array> {
  const baseSize = readSize(delta, 0)
  const resultSize = readSize(delta, baseSize.end)
  if (baseSize.value !== base.length) throw damagedPack()
  const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, resultSize.value))
  const step: Step = { isCopy: false, start: 0, bytes: 0, next: 0 }
  let filled = 0
  let made = 0
  let position = resultSize.end
  for (let steps = 1; position < delta.length; steps += 1) {
    readStep(delta, position, step)
    const source = step.isCopy ? base : delta
    const end = step.start + step.bytes
    made += step.bytes
    if (end > source.length || made > resultSize.value) throw damagedPack()
    for (let start = step.start; start < end;) {
      const copied = source.copy(piece, filled, start, end)
      start += copied
      filled += copied
      if (filled < piece.length) continue
      yield piece
      filled = 0
    }
    position = step.next
    if (steps % STEPS_BETWEEN_PAUSES === 0) await pause()
  }
  if (made !== resultSize.value) throw damagedPack()
  yield piece.subarray(0, filled)
}

/** What comes next: a part of the base, or of the delta itself. */
interface Step {
  isCopy: boolean
  start: number
  bytes: number
  /** Where the step after it begins. */
  next: number
}

/** Reads a step into `step`: a small delta may have millions of them, and as many objects would be garbage. */
const readStep = (delta: Buffer, at: number, step: Step): void => {
  const code = delta[at] ?? 0
  if (code === 0) throw damagedPack()
  step.isCopy = (code & COPY) !== 0
  step.next = at + 1
  if (step.isCopy) {
    step.start = readNumber(delta, code & 0x0f, step)
    step.bytes = readNumber(delta, (code >> 4) & 0x07, step) || DEFAULT_COPY_BYTES
  } else {
    step.start = at + 1
    step.bytes = code
    step.next += code
  }
}

/** A number whose bytes are there only where `present` has a bit, the lowest first. */
const readNumber = (delta: Buffer, present: number, step: Step): number => {
  let value = 0
  for (let rest = present, unit = 1; rest > 0; rest >>= 1, unit *= 256) {
    if ((rest & 1) === 0) continue
    value += (delta[step.next] ?? 0) * unit
    step.next += 1
  }
  return value
}
