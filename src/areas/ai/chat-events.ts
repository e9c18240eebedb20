/** Who answers, as the client asked for it. */
export interface ReplySource {
  provider: string
  model: string
}

/** One piece of a reply, the same shape for every provider (ai.md 2.6). */
export const chunkEvent = ({ provider, model }: ReplySource, text: string, finishReason: string | null = null) => ({
  text,
  provider,
  model,
  metadata: {},
  finish_reason: finishReason,
  done: finishReason !== null,
  choices: [{ delta: { role: 'assistant', content: text }, finish_reason: finishReason }],
})

/** First event of every chat. No text under a key that clients print (ai.md 2.8). */
export const conversationEvent = (conversationId: string) => ({ type: 'conversation', conversation_id: conversationId })

export const autoContinueEvent = (attempt: number, finishReason: string) => ({
  type: 'auto_continue',
  pass: attempt + 1,
  trigger_finish_reason: finishReason,
  attempt,
})

/** Clients show `message` as the answer. */
export const errorEvent = (text: string, personaId: string | null) => ({
  error: true,
  message: `Streaming error: ${text}${personaId ? ` (Persona ID: ${personaId})` : ''}`,
  persona_id: personaId,
})
