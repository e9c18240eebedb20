import { encodeEvent, type SseWriter } from '../../http/sse.ts'

export type StopReason = 'cancelled' | 'shutdown' | 'too_long'

export interface LiveReply<Result = unknown> {
  conversationId: string | undefined
  /** Sends what was said so far, then all that follows. Returns how to stop listening; the reply goes on. */
  attach(writer: SseWriter): () => void
  result: Promise<Result>
  /** Closes the upstream call at once; what came so far is kept. */
  stop(): void
}

export interface ReplyPlan<Result> {
  /** Two requests with one key get the same reply. */
  key: string
  userId: string
  conversationId: string | undefined
  /** Events that bring a late listener up to date. */
  snapshot: () => unknown[]
  /** Must not reject: it ends by itself with an outcome. */
  run: (publish: (event: unknown) => void, signal: AbortSignal) => Promise<Result>
}

export interface LiveReplies {
  readonly size: number
  /** Keys of different kinds of replies must not clash: the result is what `start` was given under this key. */
  find<Result>(key: string): LiveReply<Result> | undefined
  start<Result>(plan: ReplyPlan<Result>): LiveReply<Result>
  /** Aborts the replies of one conversation. The number of them. */
  cancel(userId: string, conversationId: string): number
  /** Ends all replies and waits until they are stored. */
  stopAll(): Promise<void>
}

interface Entry {
  userId: string
  reply: LiveReply
  abort: (reason: StopReason) => void
}

const maxReplyMs = 3_600_000

/**
 * Replies that are being written right now. They belong to the server, not to the connection that asked: a client that
 * goes away loses nothing (contract decision 24).
 */
export const createLiveReplies = (): LiveReplies => {
  const entries = new Map<string, Entry>()
  let isStopping = false

  const start = <Result>({ key, userId, conversationId, snapshot, run }: ReplyPlan<Result>): LiveReply<Result> => {
    const controller = new AbortController()
    const listeners = new Set<SseWriter>()
    const abort = (reason: StopReason) => controller.abort(reason)
    const publish = (event: unknown) => {
      if (listeners.size === 0) return
      const bytes = encodeEvent(event)
      for (const listener of listeners) listener.write(bytes)
    }
    const timer = setTimeout(() => abort('too_long'), maxReplyMs)
    const result = run(publish, controller.signal).finally(() => {
      clearTimeout(timer)
      entries.delete(key)
      for (const listener of listeners) listener.done()
    })
    const reply: LiveReply<Result> = {
      conversationId,
      result,
      stop: () => abort('cancelled'),
      attach(writer) {
        for (const event of snapshot()) writer.write(encodeEvent(event))
        listeners.add(writer)
        return () => void listeners.delete(writer)
      },
    }
    entries.set(key, { userId, reply, abort })
    if (isStopping) abort('shutdown')
    return reply
  }

  return {
    start,
    get size() {
      return entries.size
    },
    find: <Result>(key: string) => entries.get(key)?.reply as LiveReply<Result> | undefined,
    cancel(userId, conversationId) {
      const chosen = [...entries.values()].filter((entry) => entry.userId === userId && entry.reply.conversationId === conversationId)
      for (const entry of chosen) entry.abort('cancelled')
      return chosen.length
    },
    async stopAll() {
      isStopping = true
      const running = [...entries.values()]
      for (const entry of running) entry.abort('shutdown')
      await Promise.allSettled(running.map((entry) => entry.reply.result))
    },
  }
}
