import type { Deps } from '../../deps.ts'
import { encodeEvent } from '../../http/sse.ts'
import { AppError } from '../../shared/app-error.ts'
import type { UpstreamError } from '../../shared/upstream-error.ts'
import * as errors from './ai.errors.ts'
import { errorEvent } from './chat-events.ts'
import type { TurnOutcome } from './chat-turn.ts'
import { getProvider } from './provider-catalog.ts'
import type { LiveReply } from './live-replies.ts'
import { toWireUsage } from './wire-usage.ts'

/** Room for one more reply: for everyone together, and for one user, who must not use up all of it. */
export const assertRoom = ({ liveReplies, config }: Pick<Deps, 'liveReplies' | 'config'>, userId: string) => {
  if (liveReplies.size >= config.maxUpstreamCalls) throw errors.tooManyReplies()
  if (liveReplies.countOf(userId) >= config.maxRepliesPerUser) throw errors.tooManyOwnReplies()
}

/** What a failed model call is called over HTTP. */
export const toHttpError = (error: UpstreamError): AppError => {
  if (error.kind === 'busy') return errors.tooManyReplies()
  return error.kind === 'refused' ? errors.addressRefused(error.message) : errors.providerFailed(error.message)
}

/** The fields that chat and generate share (ai.md 2.5, 3). Throws when the model failed. */
export const toReply = (
  { provider, model }: { provider: string; model: string },
  { text, finishReason, usage, error }: TurnOutcome,
) => {
  if (error) throw toHttpError(error)
  return {
    text,
    provider: getProvider(provider).id,
    model,
    finish_reason: finishReason,
    metadata: usage ? { usage: toWireUsage(usage) } : {},
  }
}

const configurationCodes = new Set<string>([errors.noServer.code, errors.noApiKey.code, errors.noServerAddress.code])

/** A reply that only says what is wrong: the web client shows events, but not the text of an HTTP error (ai.md 2.6). */
const failedReply = (message: string, personaId: string | null): LiveReply<never> => ({
  conversationId: undefined,
  result: new Promise(() => {}),
  stop: () => {},
  attach(writer) {
    writer.write(encodeEvent(errorEvent(message, personaId)))
    writer.done()
    return () => {}
  },
})

/** Runs `work`; for a stream, a missing server or key becomes a reply that says so instead of an error. */
export const explainInStream = <T>(
  body: { stream?: boolean; persona_id?: string | null },
  work: () => T,
): T | LiveReply<never> => {
  try {
    return work()
  } catch (error) {
    const isExplained = body.stream === true && error instanceof AppError && configurationCodes.has(error.code)
    if (!isExplained) throw error
    return failedReply(error.message, body.persona_id ?? null)
  }
}
