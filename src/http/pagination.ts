import { t } from 'elysia'
import { IntegerInput } from './wire-types.ts'

const maxSkip = 2_147_483_647

const skipOptions = { minimum: 0, maximum: maxSkip, description: 'How many to leave out from the start' }
const limitOptions = (maximum: number) => ({ minimum: 1, maximum, description: 'How many to answer with' })

/** Query fields `skip` and `limit` with their defaults. */
export const pageFields = (defaultLimit: number, maxLimit = 100) => ({
  skip: IntegerInput({ ...skipOptions, default: 0 }),
  limit: IntegerInput({ ...limitOptions(maxLimit), default: defaultLimit }),
})

/** For an endpoint that answers differently when neither is sent. */
export const optionalPageFields = (maxLimit = 100) => ({
  skip: t.Optional(IntegerInput(skipOptions)),
  limit: t.Optional(IntegerInput(limitOptions(maxLimit))),
})
