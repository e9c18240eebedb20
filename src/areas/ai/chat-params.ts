import { toNumber } from '../personas/model-settings.ts'

export interface AutoContinue {
  isEnabled: boolean
  maxPasses: number
  minProgressChars: number
  prompt: string
}

export interface ChatParams {
  /** For the provider. */
  sampling: Record<string, unknown>
  autoContinue: AutoContinue
  /** Attached documents are sent to the model but not stored. */
  isDocumentOneShot: boolean
}

const continuePrompt =
  'Your last answer was cut off. Go on exactly where it stopped: do not repeat anything and do not comment on this.'

/** Ours, not the provider's: removed before the call (ai.md 2.3, and `mcp_*` by contract decision 27). */
const isOurs = (name: string) =>
  name.startsWith('mcp_') ||
  name.startsWith('auto_continue') ||
  name === 'document_context_mode' ||
  name === 'provider_timeout_seconds'

/** What providers take as numbers. Forms send them as text, and personas keep them as they came (ai.md 9.2). */
const numeric = new Set([
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'max_tokens',
  'context_window',
  'frequency_penalty',
  'presence_penalty',
  'seed',
])

const toSampling = (params: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(params)
      .filter(([name, value]) => !isOurs(name) && value !== null)
      .map(([name, value]) => [name, numeric.has(name) ? (toNumber(value) ?? value) : value]),
  )

const clamped = (value: unknown, fallback: number, [min, max]: [number, number]): number =>
  typeof value === 'number' && Number.isFinite(value) ? Math.min(Math.max(Math.trunc(value), min), max) : fallback

/** A request's parameters, with the persona's on top (ai.md 2.2 step 4, 2.3). Numbers out of range are clamped, junk gets the default. */
export const readChatParams = (
  params: Record<string, unknown>,
  personaSettings: Record<string, unknown>,
): ChatParams => {
  const merged = { ...params, ...personaSettings }
  const prompt = merged['auto_continue_prompt']
  return {
    sampling: toSampling(merged),
    autoContinue: {
      isEnabled: merged['auto_continue'] !== false,
      maxPasses: clamped(merged['auto_continue_max_passes'], 2, [0, 10]),
      minProgressChars: clamped(merged['auto_continue_min_progress_chars'], 1, [0, 200]),
      prompt: typeof prompt === 'string' && prompt.trim() !== '' ? prompt.slice(0, 4000) : continuePrompt,
    },
    isDocumentOneShot: merged['document_context_mode'] === 'one-shot',
  }
}
