import type { ChatMessage, ChatRequest, LlmAdapter, TokenUsage } from '../../adapters/llm/types.ts'
import type { AutoContinue } from './chat-params.ts'

export interface PassRecord {
  finishReasons: string[]
  continuations: number
  stoppedBy: 'max_passes_reached' | 'no_progress' | undefined
  usage: TokenUsage | undefined
  chunks: number
}

export const newPassRecord = (): PassRecord => ({
  finishReasons: [],
  continuations: 0,
  stoppedBy: undefined,
  usage: undefined,
  chunks: 0,
})

export const isTruncated = (finishReason: string): boolean =>
  /length|max_tokens|max_output_tokens|token_limit/.test(finishReason)

const addUsage = (a: TokenUsage | undefined, b: TokenUsage | undefined): TokenUsage | undefined =>
  a && b
    ? { promptTokens: a.promptTokens + b.promptTokens, completionTokens: a.completionTokens + b.completionTokens }
    : (a ?? b)

export interface PassListener {
  onText(text: string): void
  onContinue(attempt: number, finishReason: string): void
}

/** Whether a cut-off answer is to be continued; notes why not. */
const mayContinue = (
  record: PassRecord,
  settings: AutoContinue,
  { answer, progress }: { answer: string; progress: number },
): boolean => {
  if (!settings.isEnabled || !isTruncated(record.finishReasons.at(-1) ?? '')) return false
  if (record.continuations >= settings.maxPasses) record.stoppedBy = 'max_passes_reached'
  // Without a word there is nothing to go on from: the same question would get the same silence.
  else if (answer === '' || (record.continuations > 0 && progress <= settings.minProgressChars))
    record.stoppedBy = 'no_progress'
  return record.stoppedBy === undefined
}

/**
 * Asks the model, and asks it to go on as long as the answer was cut off (ai.md 2.6 "Auto-continue"). Each pass is built
 * from the original messages, so that no part of the answer is sent twice. `record` is true at any moment, also when
 * this throws.
 */
export const runPasses = async (
  llm: LlmAdapter,
  request: ChatRequest,
  settings: AutoContinue,
  { record, listener }: { record: PassRecord; listener: PassListener },
): Promise<void> => {
  let answer = ''
  for (;;) {
    const going: ChatMessage[] = [
      { role: 'assistant', content: answer },
      { role: 'user', content: settings.prompt },
    ]
    const messages = answer === '' ? request.messages : [...request.messages, ...going]
    const lengthBefore = answer.length
    let finishReason = 'stop'
    for await (const chunk of llm.streamChat({ ...request, messages })) {
      record.chunks++
      record.usage = addUsage(record.usage, chunk.usage)
      finishReason = chunk.finishReason ?? finishReason
      if (chunk.text === '') continue
      answer += chunk.text
      listener.onText(chunk.text)
    }
    record.finishReasons.push(finishReason)
    if (!mayContinue(record, settings, { answer, progress: answer.length - lengthBefore })) return
    record.continuations++
    listener.onContinue(record.continuations, finishReason)
  }
}
