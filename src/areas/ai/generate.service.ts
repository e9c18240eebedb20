import type { Deps, SignedInUser } from '../../deps.ts'
import { newUuid } from '../../shared/ids.ts'
import { readChatParams } from './chat-params.ts'
import type { Generate, GenerateReply } from './chat.schema.ts'
import { runTurn, type TurnOutcome, type TurnPlan } from './chat-turn.ts'
import type { LiveReply } from './live-replies.ts'
import { getProvider } from './provider-catalog.ts'
import { resolveServer } from './provider-settings.ts'
import { assertRoom, explainInStream, toReply } from './replies.ts'

type GenerateDeps = Pick<Deps, 'db' | 'clock' | 'config' | 'secretBox' | 'log' | 'llm' | 'modelLists' | 'liveReplies'>

const toPlan = (deps: GenerateDeps, user: SignedInUser, body: Generate): TurnPlan => {
  const provider = getProvider(body.provider)
  const { server } = resolveServer(deps, user.id, provider, { serverId: body.server_id })
  const params = readChatParams(body.params ?? {}, {})
  return {
    server,
    source: { provider: provider.id, model: body.model },
    messages: [{ role: 'user', content: body.prompt }],
    params: { ...params, autoContinue: { ...params.autoContinue, isEnabled: false } },
    persona: undefined,
    isStreaming: body.stream === true,
  }
}

/** A reply that is nowhere stored. */
const createScratchRecord = () => {
  let text = ''
  return {
    append: (more: string) => void (text += more),
    finish: () => {},
    get text() {
      return text
    },
  }
}

/** One prompt, one answer, nothing stored (ai.md 3): it ends when its client goes. */
export const startGeneration = (deps: GenerateDeps, user: SignedInUser, body: Generate): LiveReply<TurnOutcome> => {
  assertRoom(deps, user.id)
  const plan = explainInStream(body, () => toPlan(deps, user, body))
  if ('attach' in plan) return plan
  const record = createScratchRecord()
  return deps.liveReplies.start<TurnOutcome>({
    key: `generate:${newUuid()}`,
    userId: user.id,
    conversationId: undefined,
    snapshot: () => [],
    run: (publish, signal) => runTurn(deps, plan, { reply: record, publish, signal }),
  })
}

/** The finished answer as JSON (ai.md 3). Rejects with 502 when the model failed. */
export const awaitGeneration = async (
  body: Generate,
  { result }: LiveReply<TurnOutcome>,
): Promise<typeof GenerateReply.static> => toReply(body, await result)
