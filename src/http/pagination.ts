import { t } from 'elysia'

const maxSkip = 2_147_483_647

const Skip = t.Integer({ minimum: 0, maximum: maxSkip, description: 'How many to leave out from the start' })
const limitUpTo = (max: number) => t.Integer({ minimum: 1, maximum: max, description: 'How many to answer with' })

/** Query fields `skip` and `limit` with their defaults. */
export const pageFields = (defaultLimit: number, maxLimit = 100) => ({
  skip: t.Integer({ ...Skip, default: 0 }),
  limit: t.Integer({ ...limitUpTo(maxLimit), default: defaultLimit }),
})

/** For an endpoint that answers differently when neither is sent. */
export const optionalPageFields = (maxLimit = 100) => ({
  skip: t.Optional(Skip),
  limit: t.Optional(limitUpTo(maxLimit)),
})
