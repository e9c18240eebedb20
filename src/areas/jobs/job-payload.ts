import type { TObject } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { t, ValidationError } from 'elysia'
import type { Deps } from '../../deps.ts'
import type { JobType } from './job-type.ts'
import type { JobRow } from './jobs.table.ts'

type Payload = Record<string, unknown>

/** Fields that the type does not know are left out, as everywhere; picked first, since a body may have a million of them. */
const pickKnown = (schema: TObject, sent: Payload): Payload =>
  Object.fromEntries(
    Object.keys(schema.properties)
      .filter((name) => Object.hasOwn(sent, name))
      .map((name) => [name, sent[name]]),
  )

/** The payload as it is to be stored. Throws 422 where it breaks its schema, and what the type's own check throws. */
export const checkPayload = (deps: Pick<Deps, 'config'>, type: JobType, sent: Payload): Payload => {
  const schema = type.payload as TObject
  const payload = pickKnown(schema, sent)
  // Inside of the body, for the places of the faults.
  if (!Value.Check(schema, payload)) throw new ValidationError('body', t.Object({ payload: schema }), { payload })
  const decoded: unknown = Value.Decode(schema, Value.Clean(schema, structuredClone(payload)))
  return (type.check?.(decoded, deps) ?? decoded) as Payload
}

export const payloadContext = (jobId: string) => `jobs/${jobId}`

/** The two columns of a payload: what its type calls secret is sealed for this job alone. */
export const sealPayload = (
  { secretBox }: Pick<Deps, 'secretBox'>,
  { secretFields }: Pick<JobType, 'secretFields'>,
  jobId: string,
  payload: Payload,
): Pick<JobRow, 'payload' | 'secrets'> => {
  const fields = Object.entries(payload)
  const isSecret = ([name, value]: [string, unknown]) =>
    (secretFields as readonly string[]).includes(name) && value !== undefined && value !== null
  const secrets = fields.filter(isSecret)
  return {
    payload: JSON.stringify(Object.fromEntries(fields.filter((field) => !isSecret(field)))),
    secrets:
      secrets.length > 0 ? secretBox.seal(JSON.stringify(Object.fromEntries(secrets)), payloadContext(jobId)) : null,
  }
}

/** The whole payload again; without its secrets once these are gone. Throws when they cannot be opened. */
export const openPayload = (
  { secretBox }: Pick<Deps, 'secretBox'>,
  { id, payload, secrets }: Pick<JobRow, 'id' | 'payload' | 'secrets'>,
): Payload => ({
  ...(JSON.parse(payload) as Payload),
  ...(secrets === null ? {} : (JSON.parse(secretBox.open(secrets, payloadContext(id))) as Payload)),
})
