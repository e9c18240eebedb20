import { Elysia } from 'elysia'
import type { Deps } from '../../deps.ts'
import { documented } from '../../http/documented.ts'
import { limited } from '../../http/rate-limit.ts'
import { requireUser } from '../../http/session.ts'
import { openSse } from '../../http/sse.ts'
import { conversationNotFound, pageMismatch } from '../conversations/conversations.errors.ts'
import { personaNotFound } from '../personas/personas.errors.ts'
import * as errors from './ai.errors.ts'
import { Cancel, CancelAnswer, Chat, ChatReply, Generate, GenerateReply } from './chat.schema.ts'
import { awaitChat, cancelChat, startChat } from './chat.service.ts'
import { awaitGeneration, startGeneration } from './generate.service.ts'

const modelErrors = [
  errors.unknownProvider,
  errors.noServer,
  errors.noApiKey,
  errors.noServerAddress,
  errors.addressRefused,
  errors.providerFailed,
  errors.tooManyReplies,
  errors.tooManyOwnReplies,
]

export const chatRoutes = (deps: Deps) =>
  new Elysia({ name: 'areas.ai.chat', prefix: '/api/v1/ai/providers' })
    .use(requireUser(deps))
    .use(limited(deps))
    .post(
      '/chat',
      ({ user, body, request, server, set }) => {
        const reply = startChat(deps, user, body)
        if (body.stream) return openSse({ request, server, set }, reply.attach)
        server?.timeout(request, 0)
        return awaitChat(body, reply)
      },
      {
        user: true,
        limit: 'rateLimitChat',
        body: Chat,
        response: ChatReply,
        detail: documented(
          'One turn of a conversation, streamed as server-sent events or as JSON',
          conversationNotFound,
          personaNotFound,
          errors.personaIncomplete,
          errors.invalidModelSettings,
          pageMismatch,
          ...modelErrors,
        ),
      },
    )
    .post(
      '/generate',
      ({ user, body, request, server, set }) => {
        const reply = startGeneration(deps, user, body)
        request.signal.addEventListener('abort', reply.stop)
        if (body.stream) return openSse({ request, server, set }, reply.attach)
        server?.timeout(request, 0)
        return awaitGeneration(body, reply)
      },
      {
        user: true,
        limit: 'rateLimitChat',
        body: Generate,
        response: GenerateReply,
        detail: documented('One answer to one prompt; nothing is stored', ...modelErrors),
      },
    )
    .post(
      '/cancel',
      ({ user, body }) => {
        cancelChat(deps, user, body.conversation_id)
        return { status: 'success' as const, message: 'Generation cancellation requested', cancelled: true as const }
      },
      {
        user: true,
        body: Cancel,
        response: CancelAnswer,
        detail: documented('Stop writing the answer of a conversation'),
      },
    )
