import type { ChatMessage, ModelServer, TokenUsage } from '../../adapters/llm/types.ts'
import type { Deps } from '../../deps.ts'
import { UpstreamError } from '../../shared/upstream-error.ts'
import type { ReplyRecord } from '../conversations/reply-journal.service.ts'
import { autoContinueEvent, chunkEvent, errorEvent, type ReplySource } from './chat-events.ts'
import type { ChatParams } from './chat-params.ts'
import type { StopReason } from './live-replies.ts'
import { toWireUsage } from './wire-usage.ts'
import { isTruncated, newPassRecord, type PassRecord, runPasses } from './reply-passes.ts'

export interface TurnPersona {
  id: string
  modelSettings: Record<string, unknown>
}

export interface TurnPlan {
  source: ReplySource
  server: ModelServer
  messages: ChatMessage[]
  params: ChatParams
  persona: TurnPersona | undefined
  isStreaming: boolean
}

export interface TurnOutcome {
  state: 'complete' | 'cancelled' | 'interrupted' | 'failed'
  text: string
  finishReason: string
  usage: TokenUsage | undefined
  /** Why it failed; undefined for the other states. */
  error: UpstreamError | undefined
}

type TurnDeps = Pick<Deps, 'llm' | 'modelLists' | 'clock' | 'log'>

const defaultTemperature = 0.7

/** Keys of ai.md 2.7. */
const describeReply = (plan: TurnPlan, passes: PassRecord, elapsedMs: number): Record<string, unknown> => {
  const { autoContinue, sampling } = plan.params
  const tokens = passes.usage?.completionTokens ?? passes.chunks
  return {
    token_count: tokens,
    tokens_per_second: Math.round((tokens / Math.max(elapsedMs / 1000, 0.001)) * 10) / 10,
    ...(passes.usage ? { usage: toWireUsage(passes.usage) } : {}),
    model: plan.source.model,
    provider: plan.source.provider,
    temperature: typeof sampling['temperature'] === 'number' ? sampling['temperature'] : defaultTemperature,
    streaming: plan.isStreaming,
    auto_continue_enabled: autoContinue.isEnabled,
    auto_continue_attempts: passes.continuations,
    auto_continue_max_passes: autoContinue.maxPasses,
    finish_reason_final: passes.finishReasons.at(-1) ?? null,
    finish_reason_history: passes.finishReasons,
    truncated_at_least_once: passes.finishReasons.some(isTruncated),
    ...(passes.stoppedBy ? { stopped_by_guardrail: passes.stoppedBy } : {}),
    ...(plan.persona
      ? {
          persona_id: plan.persona.id,
          persona_applied: true,
          persona_model_settings_applied: plan.persona.modelSettings,
        }
      : {}),
  }
}

const stopped: Record<StopReason, { state: 'cancelled' | 'interrupted'; text: string }> = {
  cancelled: { state: 'cancelled', text: 'cancelled' },
  shutdown: { state: 'interrupted', text: 'The server is being restarted. What came so far is saved.' },
  too_long: { state: 'interrupted', text: 'The reply took too long and was stopped. What came so far is saved.' },
}

interface Ending {
  state: TurnOutcome['state']
  error?: UpstreamError
  /** For the client; undefined when nothing went wrong. */
  fault?: string
}

const toEnding = (error: unknown, signal: AbortSignal, text: string): Ending => {
  if (signal.aborted) {
    const reason = stopped[signal.reason as StopReason]
    return reason.state === 'cancelled' ? { state: 'cancelled' } : { state: reason.state, fault: reason.text }
  }
  if (error !== undefined) {
    const known =
      error instanceof UpstreamError ? error : new UpstreamError('protocol', 'Unexpected failure', { cause: error })
    return { state: 'failed', error: known, fault: known.message }
  }
  if (text !== '') return { state: 'complete' }
  const empty = new UpstreamError('protocol', 'The model gave an empty answer')
  return { state: 'failed', error: empty, fault: empty.message }
}

interface Channel {
  reply: ReplyRecord
  publish: (event: unknown) => void
  signal: AbortSignal
}

const ask = async (deps: TurnDeps, plan: TurnPlan, { reply, publish, signal }: Channel, passes: PassRecord) => {
  const { source, server, messages, params } = plan
  const model = await deps.modelLists.findModelId(server, source.model, signal)
  const listener = {
    onText(text: string) {
      reply.append(text)
      publish(chunkEvent(source, text))
    },
    onContinue: (attempt: number, finishReason: string) => publish(autoContinueEvent(attempt, finishReason)),
  }
  const request = { server, model, messages, params: params.sampling, signal }
  await runPasses(deps.llm(source.provider as ModelServer['provider']), request, params.autoContinue, {
    record: passes,
    listener,
  })
}

/** Runs one turn to its end: asks the model, publishes each piece, stores the reply before the last event. Never rejects. */
export const runTurn = async (deps: TurnDeps, plan: TurnPlan, channel: Channel): Promise<TurnOutcome> => {
  const { reply, publish, signal } = channel
  const passes = newPassRecord()
  const startedAt = deps.clock()
  const failure = await ask(deps, plan, channel, passes).then(
    () => undefined,
    (error: unknown) => error,
  )
  const isOurFault = failure !== undefined && !(failure instanceof UpstreamError) && !signal.aborted
  if (isOurFault) deps.log.error('a turn failed for no known reason', { error: failure })
  let ending = toEnding(failure, signal, reply.text)
  try {
    const fault = ending.fault === undefined ? {} : { error: ending.fault }
    reply.finish(ending.state, { ...describeReply(plan, passes, deps.clock() - startedAt), ...fault })
  } catch (error) {
    deps.log.error('a reply was not stored', { error })
    ending = {
      state: 'failed',
      error: new UpstreamError('protocol', 'The reply could not be stored', { cause: error }),
      fault: 'The reply could not be stored',
    }
  }
  const finishReason = ending.state === 'complete' ? (passes.finishReasons.at(-1) ?? 'stop') : ending.state
  publish(
    ending.fault === undefined
      ? chunkEvent(plan.source, '', finishReason)
      : errorEvent(ending.fault, plan.persona?.id ?? null),
  )
  if (ending.error)
    deps.log.warn('model call failed', {
      provider: plan.source.provider,
      kind: ending.error.kind,
      status: ending.error.status,
    })
  return { state: ending.state, text: reply.text, finishReason, usage: passes.usage, error: ending.error }
}
