import { domainToASCII, domainToUnicode } from 'node:url'
import isEmail from 'validator/es/lib/isEmail.js'

const named = /^[^<>]*<([^<>]+)>$/

/**
 * The address as it is stored and shown: spaces and a display name dropped, domain in lower-case Unicode, local part as
 * typed (auth.md 5.1). Undefined when it is none. Home networks use `.local` and the like, so these are allowed.
 */
export const normalizeEmail = (text: string): string | undefined => {
  const trimmed = text.trim()
  const address = (named.exec(trimmed)?.[1] ?? trimmed).trim()
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const domain = domainToASCII(address.slice(at + 1))
  const isValid = isEmail(`${local}@${domain}`, { allow_utf8_local_part: true, allow_underscores: false, require_tld: true })
  return at > 0 && domain !== '' && isValid && !local.includes('"') ? `${local}@${domainToUnicode(domain)}` : undefined
}
