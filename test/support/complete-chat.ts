import type { ChatRequest, LlmAdapter, TokenUsage } from '../../src/adapters/llm/types.ts'

/** The whole of a streamed reply. */
export const completeChat = async (llm: LlmAdapter, request: ChatRequest) => {
  let text = ''
  let finishReason = 'stop'
  let usage: TokenUsage | undefined
  for await (const chunk of llm.streamChat(request)) {
    text += chunk.text
    finishReason = chunk.finishReason ?? finishReason
    usage = chunk.usage ?? usage
  }
  return { text, finishReason, ...(usage && { usage }) }
}
