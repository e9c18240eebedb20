import type { ChatChunk, ChatReply, TokenUsage } from './types.ts'

/**
 * Reads a stream to its end. Complete replies are streamed from the provider as well: a model that writes for ten
 * minutes would be silent all that time otherwise, and no idle timeout could tell it from a dead one.
 */
export const collectReply = async (chunks: AsyncIterable<ChatChunk>): Promise<ChatReply> => {
  let text = ''
  let finishReason = 'stop'
  let usage: TokenUsage | undefined
  for await (const chunk of chunks) {
    text += chunk.text
    finishReason = chunk.finishReason ?? finishReason
    usage = chunk.usage ?? usage
  }
  return { text, finishReason, ...(usage && { usage }) }
}

/** The chunk that ends every stream, with whatever text is left. */
export const lastChunk = (text: string, finishReason: string, usage: TokenUsage | undefined): ChatChunk => ({
  text,
  finishReason,
  ...(usage && { usage }),
})
