import { type TSchema, t } from 'elysia'
import { maxBodyBytes, Nullable, OptionalText } from '../../http/wire-types.ts'
import type { UserRow } from './auth.table.ts'

export const User = t.Object({
  id: t.String({ description: '32 hex characters' }),
  username: t.String(),
  email: t.String(),
  full_name: Nullable(t.String()),
  profile_picture: Nullable(t.String()),
  is_active: t.Boolean(),
  is_verified: t.Boolean(),
  version: Nullable(t.String()),
})

export const toUser = (row: UserRow): typeof User.static => ({
  id: row.id,
  username: row.username,
  email: row.email,
  full_name: row.fullName,
  profile_picture: row.profilePicture,
  is_active: row.isActive,
  is_verified: row.isVerified,
  version: row.version,
})

/** Stored in SQLite and compared as C strings by some tools: a NUL would cut them. */
const noNul = '^[^\\u0000]*$'

/** Strangers may send these: a body of some megabytes would hold everybody up while it is parsed. */
const shortest = { [maxBodyBytes]: 65_536 }

export const Register = t.Object(
  {
    username: t.String({ minLength: 3, maxLength: 50, pattern: noNul, description: 'Spaces around it are dropped' }),
    email: t.String({ minLength: 1, maxLength: 320, pattern: noNul }),
    password: t.String({ minLength: 8, maxLength: 512, pattern: noNul }),
    confirm_password: OptionalText(512),
    full_name: t.Optional(Nullable(t.String({ maxLength: 100, pattern: noNul }))),
    profile_picture: t.Optional(
      Nullable(t.String({ maxLength: 524_288, pattern: noNul, description: 'URL or data URL' })),
    ),
  },
  { [maxBodyBytes]: 1_048_576 },
)
export type Register = typeof Register.static

/** No lower bounds: imported accounts may have a password that we would not accept today. */
export const Login = t.Object(
  { email: t.String({ maxLength: 320 }), password: t.String({ maxLength: 4096 }) },
  shortest,
)
export type Login = typeof Login.static

/**
 * For bodies whose faults are told as one text and not as a list: clients show `detail` of the profile pages and of a
 * refresh as it is (auth.md 12; 13, row 19). The schema only documents; `request-bodies.ts` reads.
 */
const Forgiving = <Schema extends TSchema>(schema: Schema) =>
  t.Union([schema, t.Unknown()], { [maxBodyBytes]: 1_048_576 })
const SomeText = t.Optional(t.Unknown({ description: 'string' }))

export const Refresh = Forgiving(t.Object({ refresh_token: SomeText }))

const tokenFields = {
  access_token: t.String(),
  token_type: t.Literal('bearer'),
  refresh_token: t.String(),
  expires_in: t.Integer({ description: 'Seconds' }),
  refresh_expires_in: t.Integer({ description: 'Seconds' }),
  issued_at: t.Integer({ description: 'Epoch seconds' }),
  user_id: t.String(),
}
export const Tokens = t.Object(tokenFields)
export type Tokens = typeof Tokens.static
export const LoginAnswer = t.Object({ ...tokenFields, user: User })

export const UpdateUsername = Forgiving(t.Object({ username: SomeText }))

export const UpdatePassword = Forgiving(
  t.Object({ current_password: SomeText, new_password: SomeText, confirm_password: SomeText }),
)
