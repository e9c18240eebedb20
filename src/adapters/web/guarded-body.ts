import { UpstreamError } from '../../shared/upstream-error.ts'
import type { ExchangeWatch } from './idle-timeout.ts'
import { toBodyError } from './upstream-failure.ts'

type Controller = ReadableStreamDefaultController<Uint8Array>

// Bun's global and node's stream types name two readers that do not fit each other: take whichever this returns.
const openReader = (body: ReadableStream<Uint8Array>) => body.getReader()

interface Passage {
  reader: ReturnType<typeof openReader>
  watch: ExchangeWatch
  isOver: boolean
  /** Stops the watch and reports the end; with a reason it also closes the connection. */
  end: (reason?: unknown) => void
  /** The same for a body that the reader will not get whole. */
  fail: (failure: unknown, controller: Controller) => void
}

/** Called once, with what went wrong if anything did. */
export type OnBodyEnd = (failure?: UpstreamError) => void

/**
 * The same bytes as `body`, one piece per read and none ahead, under the watch. `onEnd` runs once, when the body ended,
 * failed or was cancelled. A reader that takes nothing for as long as the idle timeout loses the body too, so that a
 * response somebody forgot cannot hold its place for ever.
 */
export const guardBody = (body: ReadableStream<Uint8Array>, watch: ExchangeWatch, onEnd: OnBodyEnd) => {
  const finish = (reason?: unknown, failure?: UpstreamError) => {
    passage.isOver = true
    watch.stop(reason)
    onEnd(failure)
  }
  const end = (reason?: unknown) => finish(reason)
  const fail = (failure: unknown, controller: Controller) => {
    finish(undefined, failure instanceof UpstreamError ? failure : undefined)
    controller.error(failure)
  }
  const passage: Passage = { reader: openReader(body), watch, isOver: false, end, fail }
  const source = {
    start: (controller: Controller) => watch.signal.addEventListener('abort', () => failNow(passage, controller)),
    pull: (controller: Controller) => passOn(passage, controller),
    cancel: async (reason: unknown) => {
      end(reason ?? new Error('cancelled'))
      await passage.reader.cancel(reason).catch(() => undefined)
    },
  }
  return new ReadableStream<Uint8Array>(source, { highWaterMark: 0 })
}

// The connection is closed by the fetch, which listens to the same signal.
const failNow = (passage: Passage, controller: Controller): void => {
  if (!passage.isOver) passage.fail(passage.watch.signal.reason, controller)
}

const passOn = async (passage: Passage, controller: Controller): Promise<void> => {
  const { reader, watch } = passage
  watch.touch()
  try {
    const { done, value } = await reader.read()
    if (passage.isOver) return
    watch.touch(value?.byteLength)
    if (!done) return controller.enqueue(value)
    passage.end()
    controller.close()
  } catch (error) {
    if (!passage.isOver) passage.fail(toBodyError(error, watch.peer), controller)
  }
}
