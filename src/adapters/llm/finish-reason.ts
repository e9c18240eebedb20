const STOP = new Set(['', 'stop', 'eos', 'end_turn', 'stop_sequence'])
const LENGTH = new Set(['length', 'max_tokens', 'max_token', 'token_limit', 'context_length'])

/** Every provider's word for the end of a reply as `stop`, `length` or itself in lower case (ai.md 2.6). */
export const toFinishReason = (word: string | undefined): string => {
  const reason = word?.trim().toLowerCase() ?? ''
  if (STOP.has(reason)) return 'stop'
  return LENGTH.has(reason) ? 'length' : reason
}
