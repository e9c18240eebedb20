import type { ChatChunk, TokenUsage } from './types.ts'

/** The chunk that ends every stream, with whatever text is left. */
export const lastChunk = (text: string, finishReason: string, usage: TokenUsage | undefined): ChatChunk => ({
  text,
  finishReason,
  ...(usage && { usage }),
})
