import { defineError, defineErrorWith } from '../../shared/app-error.ts'

// The web client looks for these texts (auth.md 12): change none of them.
export const emailTaken = defineError(400, 'auth.email_taken', 'Email already registered')
export const usernameTaken = defineError(400, 'auth.username_taken', 'Username already taken')
export const wrongCredentials = defineError(401, 'auth.wrong_credentials', 'Invalid email or password')
export const noRefreshToken = defineError(
  403,
  'auth.no_refresh_token',
  'No refresh token found in cookie or request body',
)
export const badRefreshToken = defineError(403, 'auth.bad_refresh_token', 'Invalid token: could not extract user ID')
export const notRefreshToken = defineError(403, 'auth.not_refresh_token', 'Invalid token type: not a refresh token')
export const refreshUserGone = defineError(403, 'auth.refresh_user_gone', 'Invalid refresh token: user not found')
export const refreshExpired = defineError(403, 'auth.refresh_expired', 'Refresh token has expired')

export const userGone = defineError(401, 'auth.user_not_found', 'User not found')
export const registrationClosed = defineError(403, 'auth.registration_closed', 'Registration is closed on this server')
export const tooManyLogins = defineError(
  503,
  'auth.busy',
  'The server is busy checking passwords. Please try again in a moment.',
)
export const usernameRequired = defineError(400, 'auth.username_required', 'Username is required')
export const usernameLength = defineError(400, 'auth.username_length', 'Username must have 3 to 50 characters')
export const usernameUnusable = defineError(
  400,
  'auth.username_unusable',
  'Username must not contain control characters',
)
export const currentPasswordRequired = defineError(
  400,
  'auth.current_password_required',
  'Current password is required',
)
export const confirmationRequired = defineError(400, 'auth.confirmation_required', 'Password confirmation is required')
export const newPasswordRequired = defineError(400, 'auth.new_password_required', 'New password is required')
export const currentPasswordWrong = defineError(400, 'auth.current_password_wrong', 'Current password is incorrect')
export const passwordMismatch = defineError(400, 'auth.password_mismatch', 'New password and confirmation do not match')
export const passwordTooShort = defineError(
  400,
  'auth.password_too_short',
  'New password must be at least 8 characters long',
)
export const passwordTooLong = defineError(
  400,
  'auth.password_too_long',
  'New password must be at most 512 characters long',
)
export const passwordUnusable = defineError(
  400,
  'auth.password_unusable',
  'New password must not contain a NUL character',
)
export const registerMismatch = defineError(400, 'auth.register_mismatch', 'Password and confirmation do not match')

// For the command line: no route answers with these.
export const badAccount = defineErrorWith(422, 'auth.bad_account', (fault: string) => fault)
export const noSuchUser = defineErrorWith(404, 'auth.no_such_user', (name: string) => `There is no user ${name}`)
export const lastAdmin = defineError(
  409,
  'auth.last_admin',
  'This is the only administrator who can sign in: promote somebody else first',
)
