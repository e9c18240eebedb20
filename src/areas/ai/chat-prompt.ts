import type { ChatMessage } from '../../adapters/llm/types.ts'
import type { MessageRow } from '../conversations/conversations.table.ts'

const maxSpokenMessages = 100

const roles = new Set(['system', 'user', 'assistant'])

const isRole = (role: unknown): role is ChatMessage['role'] => typeof role === 'string' && roles.has(role)

const roleOf = ({ sender, messageMetadata }: MessageRow): ChatMessage['role'] => {
  const stored = messageMetadata?.['role']
  if (isRole(stored)) return stored
  return sender === 'llm' ? 'assistant' : sender
}

/** An unanswered question that is asked again, maybe not for the first time, must not stand there twice. */
const withoutRepeatedQuestion = (history: ChatMessage[], incoming: ChatMessage[]) => {
  const asked = new Set(incoming.filter(({ role }) => role === 'user').map(({ content }) => content))
  const isRepeated = ({ role, content }: ChatMessage) => role === 'user' && asked.has(content)
  return history.slice(0, history.findLastIndex((message) => !isRepeated(message)) + 1)
}

/** Roles that no provider knows count as the user's words. */
export const toChatMessages = (messages: { role: string; content: string }[]): ChatMessage[] =>
  messages.map(({ role, content }) => ({ role: isRole(role) ? role : 'user', content }))

/** What the model reads: the persona, then every system message, then the newest 100 of what was said (ai.md 2.2 steps 3 and 4). */
export const buildPrompt = (
  personaPrompt: string | undefined,
  history: MessageRow[],
  incoming: ChatMessage[],
): ChatMessage[] => {
  const past = history.map((row): ChatMessage => ({ role: roleOf(row), content: row.message }))
  const all = [...withoutRepeatedQuestion(past, incoming), ...incoming]
  const isSystem = ({ role }: ChatMessage) => role === 'system'
  const persona: ChatMessage[] = personaPrompt ? [{ role: 'system', content: personaPrompt }] : []
  return [...persona, ...all.filter(isSystem), ...all.filter((message) => !isSystem(message)).slice(-maxSpokenMessages)]
}
