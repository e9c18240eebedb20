import { t } from 'elysia'
import { JsonObjectOrNull } from '../../http/json-object.ts'
import { OptionalText } from '../../http/wire-types.ts'

const Params = t.Optional(JsonObjectOrNull('Sampling parameters; unknown ones are ignored'))

/** Which model answers (ai.md 2.1). `user_id` is accepted and ignored: the token says who asks. */
const target = {
  provider: t.String({ maxLength: 60 }),
  settings_id: t.String({ maxLength: 200 }),
  server_id: t.String({ maxLength: 200 }),
  model: t.String({ minLength: 1, maxLength: 300, description: 'The name that the model list shows, or its id' }),
  params: Params,
  stream: t.Optional(t.Boolean({ default: false })),
  user_id: OptionalText(200),
  page_id: OptionalText(200),
  page_context: OptionalText(16_384, 'Stored as it is'),
  conversation_type: OptionalText(100),
}

const maxContent = 1_048_576

export const Chat = t.Object({
  ...target,
  messages: t.Array(t.Object({ role: t.String({ maxLength: 40 }), content: t.String({ maxLength: maxContent }) }), {
    minItems: 1,
    maxItems: 500,
    description: 'The new messages; the server adds what was said before',
  }),
  conversation_id: OptionalText(200),
  persona_id: OptionalText(200),
  persona_system_prompt: OptionalText(maxContent),
  persona_model_settings: t.Optional(JsonObjectOrNull()),
  persona_sample_greeting: OptionalText(maxContent),
})
export type Chat = typeof Chat.static

export const Generate = t.Object({ ...target, prompt: t.String({ minLength: 1, maxLength: maxContent }) })
export type Generate = typeof Generate.static

const reply = {
  text: t.String(),
  provider: t.String(),
  model: t.String({ description: 'As it was asked for' }),
  finish_reason: t.String({ description: '`stop`, `length` or the provider’s own word' }),
  metadata: t.Object({
    usage: t.Optional(
      t.Object({ prompt_tokens: t.Integer(), completion_tokens: t.Integer(), total_tokens: t.Integer() }),
    ),
  }),
}

export const GenerateReply = t.Object(reply)

export const ChatReply = t.Object({
  ...reply,
  choices: t.Array(
    t.Object({
      message: t.Object({ role: t.Literal('assistant'), content: t.String() }),
      finish_reason: t.String(),
    }),
  ),
  conversation_id: t.String(),
  tooling_state: t.Object({}, { description: 'Always empty: no tools' }),
})

export const Cancel = t.Object({ conversation_id: OptionalText(200) })

export const CancelAnswer = t.Object({ status: t.Literal('success'), message: t.String(), cancelled: t.Literal(true) })
