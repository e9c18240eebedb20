import { t } from 'elysia'
import { JsonObject } from '../../http/json-object.ts'
import { IntegerInput, Nullable, OptionalText, maxBodyBytes } from '../../http/wire-types.ts'
import { maxJobBytes, StreamQuery } from '../jobs/jobs.schema.ts'

const maxUrlLength = 2048
/** Host, owner, model and tag of the longest name that Ollama takes have about 600 characters. */
const maxNameLength = 700
const maxKeyLength = 1000

const serverUrl = t.String({
  maxLength: maxUrlLength,
  description: 'Address of the Ollama server, e.g. `http://localhost:11434`. May be percent-encoded once more',
})
const apiKey = OptionalText(maxKeyLength, 'Left out, the key that you saved for a server at this address is used')

export const ServerQuery = t.Object({ server_url: serverUrl, api_key: apiKey })
export type ServerQuery = typeof ServerQuery.static

export const ServerTest = t.Object({ status: t.Literal('success'), version: Nullable(t.String()) })

export const Models = t.Array(JsonObject('As Ollama lists it: `name`, `size`, `digest`, `modified_at`, `details`'))

const name = t.String({ maxLength: maxNameLength, description: 'E.g. `llama3.2:1b`; the tag `latest` if it has none' })

export const DeleteModel = t.Object({ name, server_url: serverUrl, api_key: apiKey }, { [maxBodyBytes]: maxJobBytes })
export type DeleteModel = typeof DeleteModel.static

export const Deleted = t.Object({
  status: t.Literal('success'),
  data: t.Unknown({ description: 'What Ollama answered; an empty text in general' }),
})

export const InstallModel = t.Object(
  {
    name,
    server_url: serverUrl,
    api_key: apiKey,
    stream: t.Optional(t.Boolean({ description: 'Ignored' })),
    force_reinstall: t.Optional(t.Boolean({ default: false })),
  },
  { [maxBodyBytes]: maxJobBytes },
)
export type InstallModel = typeof InstallModel.static

export const InstallStarted = t.Object({
  task_id: t.String(),
  deduped: t.Boolean({ description: 'Whether this model was on its way to this server already' }),
})

export const TaskParams = t.Object({ taskId: t.String({ maxLength: 60 }) })

export const EventQuery = StreamQuery

export const InstallStatus = t.Object({
  task_id: t.String(),
  name: t.String(),
  server_base: t.String(),
  state: t.String({
    description:
      '`queued`, `running`, `downloading`, `verifying`, `extracting`, `finalizing`, `completed`, `error`, `canceled`',
  }),
  progress: t.Integer({ description: 'Percent' }),
  message: t.String(),
  error: Nullable(t.String()),
  created_at: Nullable(t.Number({ description: 'Unix time in seconds' })),
  updated_at: Nullable(t.Number({ description: 'Unix time in seconds' })),
})
export type InstallStatus = typeof InstallStatus.static

export const InstallCanceled = t.Object({ task_id: t.String(), state: t.String() })

/** The payload of a job that pulls a model: `name` and `model_name` mean the same, and one of them is needed. */
export const PullPayload = t.Object(
  {
    model_name: OptionalText(maxNameLength),
    name: OptionalText(maxNameLength),
    server_url: serverUrl,
    api_key: apiKey,
    force_reinstall: t.Optional(t.Boolean({ default: false })),
    timeout_seconds: t.Optional(
      IntegerInput({ minimum: 30, maximum: 86_400, default: 1800, description: 'Longest silence of the server' }),
    ),
  },
  { additionalProperties: false },
)
export type PullPayload = typeof PullPayload.static
