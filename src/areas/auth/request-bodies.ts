import { Value } from '@sinclair/typebox/value'
import { ValidationError } from 'elysia'
import { FieldError, toValidationDetails } from '../../http/validation-details.ts'
import { type Login, Register } from './auth.schema.ts'
import { normalizeEmail } from './email-address.ts'
import { hasControlCharacter } from './username.ts'

const badEmail = (reason: string) =>
  new FieldError(['email'], 'value_error', `value is not a valid email address: ${reason}`)

/** The same with username and e-mail as they are stored. Throws `FieldError`. */
export const readRegister = (body: Register): Register => {
  const username = body.username.trim()
  const email = normalizeEmail(body.email)
  if (username.length < 3)
    throw new FieldError(['username'], 'string_too_short', 'String should have at least 3 characters')
  if (hasControlCharacter(username))
    throw new FieldError(['username'], 'value_error', 'String should not contain control characters')
  if (email === undefined) throw badEmail('An email address looks like name@example.com.')
  return { ...body, username, email }
}

const findFault = (body: Register) => {
  if (!Value.Check(Register, body)) return toValidationDetails(new ValidationError('body', Register, body))[0]
  try {
    readRegister(body)
    return undefined
  } catch (error) {
    if (error instanceof FieldError) return error.detail
    throw error
  }
}

/** What the route would refuse about a registration, with the name of the field, for people at the terminal. */
export const findRegisterFault = (body: Register): string | undefined => {
  const fault = findFault(body)
  return fault && `${String(fault.loc.at(-1))}: ${fault.msg}`
}

/** The same with the e-mail as it is stored. One that breaks our rules may belong to an imported account. Throws `FieldError`. */
export const readLogin = (body: Login): Login => {
  if (!body.email.includes('@')) throw badEmail('An email address must have an @-sign.')
  return { ...body, email: normalizeEmail(body.email) ?? body.email.trim() }
}

/** A field of a body of any form. Undefined unless it is a text. */
export const readText = (body: unknown, name: string): string | undefined => {
  const value =
    typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined
  return typeof value === 'string' ? value : undefined
}

export interface PasswordChange {
  current: string | undefined
  next: string | undefined
  /** May be left out. */
  confirmation: string | undefined
}

export const readPasswordChange = (body: unknown): PasswordChange => ({
  current: readText(body, 'current_password'),
  next: readText(body, 'new_password'),
  confirmation: readText(body, 'confirm_password'),
})
