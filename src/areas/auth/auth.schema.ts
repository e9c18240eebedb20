import { t } from 'elysia'
import { Nullable, OptionalText } from '../../http/wire-types.ts'
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

export const Register = t.Object({
  username: t.String({ minLength: 3, maxLength: 50, pattern: noNul }),
  email: t.String({ minLength: 3, maxLength: 320, pattern: noNul }),
  password: t.String({ minLength: 8, maxLength: 512, pattern: noNul }),
  confirm_password: OptionalText(512),
  full_name: OptionalText(100),
  profile_picture: OptionalText(524_288, 'URL or data URL'),
})
export type Register = typeof Register.static

export const Login = t.Object({
  email: t.String({ minLength: 1, maxLength: 320 }),
  password: t.String({ maxLength: 512 }),
})
export type Login = typeof Login.static

export const Refresh = Nullable(t.Object({ refresh_token: OptionalText(4096) }))

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

// The profile page shows `detail` as it is, so what is missing is told as one text by the service (auth.md 13, row 19).
export const UpdateUsername = Nullable(t.Object({ username: OptionalText(200) }))

export const UpdatePassword = Nullable(
  t.Object({
    current_password: OptionalText(512),
    new_password: OptionalText(2000),
    confirm_password: OptionalText(2000),
  }),
)
export type UpdatePassword = NonNullable<typeof UpdatePassword.static>
