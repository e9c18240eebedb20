import type { Deps, SignedInUser } from '../../deps.ts'
import { getConversation } from '../conversations/conversations.service.ts'
import { openTurn, type TurnOpening } from '../conversations/turn-opening.service.ts'
import { findModelSettingsFault } from '../personas/model-settings.ts'
import { checkPersona } from '../personas/personas.service.ts'
import { toPageId } from '../../shared/ids.ts'
import * as errors from './ai.errors.ts'
import { chunkEvent, conversationEvent } from './chat-events.ts'
import { readChatParams } from './chat-params.ts'
import { buildPrompt, toChatMessages } from './chat-prompt.ts'
import type { Chat, ChatReply } from './chat.schema.ts'
import { runTurn, type TurnOutcome, type TurnPlan } from './chat-turn.ts'
import type { LiveReply } from './live-replies.ts'
import { getProvider } from './provider-catalog.ts'
import { resolveServer } from './provider-settings.ts'
import { assertRoom, explainInStream, toReply } from './replies.ts'

type ChatDeps = Pick<
  Deps,
  'db' | 'clock' | 'config' | 'secretBox' | 'log' | 'llm' | 'modelLists' | 'liveReplies' | 'replyJournal'
>

/** The same words of the same user in the same place, asked while the answer is being written: a client that lost its connection and asks again. */
const duplicateKey = (userId: string, body: Chat): string => {
  const {
    conversation_id: conversationId,
    provider,
    server_id: serverId,
    model,
    messages,
    page_id: pageId,
    persona_id: personaId,
  } = body
  const asked = JSON.stringify([
    conversationId,
    provider,
    serverId,
    model,
    messages,
    pageId,
    personaId,
    body.stream === true,
  ])
  return `${userId}:${new Bun.CryptoHasher('sha256').update(asked).digest('hex')}`
}

/** The stored spelling of the persona's id. Throws when it is not the user's, or comes without what it is to say. */
const readPersona = (deps: ChatDeps, user: SignedInUser, body: Chat): string | null => {
  if (!body.persona_id) return null
  if (!body.persona_system_prompt) throw errors.personaIncomplete()
  const fault = body.persona_model_settings ? findModelSettingsFault(body.persona_model_settings) : undefined
  if (fault) throw errors.invalidModelSettings(fault)
  return checkPersona(deps, user.id, body.persona_id)
}

const toStored = (body: Chat, isDocumentOneShot: boolean): TurnOpening['incoming'] =>
  body.messages.flatMap(({ role, content }) => {
    const isKept = role === 'user' || (role === 'system' && !isDocumentOneShot)
    return isKept ? [{ sender: role, text: content, metadata: { role } }] : []
  })

const toGreeting = (body: Chat): TurnOpening['greeting'] =>
  body.persona_sample_greeting
    ? {
        text: body.persona_sample_greeting,
        metadata: { persona_id: body.persona_id ?? null, persona_greeting: true, model: body.model, temperature: 0 },
      }
    : undefined

interface Prepared {
  plan: Omit<TurnPlan, 'messages'>
  opening: TurnOpening
}

/** Everything that can be wrong with a request is found here, before anything is stored. Throws `AppError`. */
const prepare = (deps: ChatDeps, user: SignedInUser, body: Chat): Prepared => {
  const personaId = readPersona(deps, user, body)
  const conversation = body.conversation_id ? getConversation(deps, user.id, body.conversation_id) : undefined
  const provider = getProvider(body.provider)
  const resolved = resolveServer(deps, user.id, provider, {
    serverId: body.server_id,
    serverName: conversation?.server ?? null,
  })
  const modelSettings = body.persona_model_settings ?? {}
  const params = readChatParams(body.params ?? {}, modelSettings)
  return {
    plan: {
      params,
      source: { provider: provider.id, model: body.model },
      server: resolved.server,
      persona: body.persona_id ? { id: body.persona_id, modelSettings } : undefined,
      isStreaming: body.stream === true,
    },
    opening: {
      conversation,
      userId: user.id,
      pageId: body.page_id ? toPageId(body.page_id) : null,
      pageContext: body.page_context ?? null,
      conversationType: body.conversation_type || 'chat',
      personaId,
      model: body.model,
      server: resolved.serverName,
      greeting: toGreeting(body),
      incoming: toStored(body, params.isDocumentOneShot),
    },
  }
}

interface ReplyIds {
  key: string
  userId: string
  conversationId: string
}

const startReply = (
  deps: ChatDeps,
  { key, userId, conversationId }: ReplyIds,
  plan: TurnPlan,
): LiveReply<TurnOutcome> => {
  const record = deps.replyJournal.open(conversationId)
  return deps.liveReplies.start<TurnOutcome>({
    key,
    userId,
    conversationId,
    snapshot: () => [
      conversationEvent(conversationId),
      ...(record.text === '' ? [] : [chunkEvent(plan.source, record.text)]),
    ],
    run: (publish, signal) => runTurn(deps, plan, { reply: record, publish, signal }),
  })
}

/**
 * Stores what the user said and starts the answer, which from then on goes on by itself. A repeated request joins the
 * answer that is being written. Throws `AppError`; what a stream is to say itself comes as a reply (contract decision 25).
 */
export const startChat = (deps: ChatDeps, user: SignedInUser, body: Chat): LiveReply<TurnOutcome> => {
  const key = duplicateKey(user.id, body)
  const running = deps.liveReplies.find<TurnOutcome>(key)
  if (running) return running
  assertRoom(deps, user.id)
  const prepared = explainInStream(body, () => prepare(deps, user, body))
  if ('attach' in prepared) return prepared
  const { conversationId, history } = openTurn(deps, prepared.opening)
  const messages = buildPrompt(body.persona_system_prompt ?? undefined, history, toChatMessages(body.messages))
  return startReply(deps, { key, userId: user.id, conversationId }, { ...prepared.plan, messages })
}

/** The finished reply as JSON (ai.md 2.5). Rejects with 502 when the model failed; what it said before is stored. */
export const awaitChat = async (
  body: Chat,
  { conversationId, result }: LiveReply<TurnOutcome>,
): Promise<typeof ChatReply.static> => {
  const reply = toReply(body, await result)
  return {
    ...reply,
    choices: [{ message: { role: 'assistant', content: reply.text }, finish_reason: reply.finish_reason }],
    conversation_id: conversationId ?? '',
    tooling_state: {},
  }
}

/** Ends the answers that are being written in a conversation; what came so far is stored. */
export const cancelChat = (
  deps: Pick<Deps, 'liveReplies'>,
  user: SignedInUser,
  conversationId: string | null | undefined,
): void => {
  if (conversationId) deps.liveReplies.cancel(user.id, conversationId)
}
