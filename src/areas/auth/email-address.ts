import { domainToASCII, domainToUnicode } from 'node:url'
import isEmail from 'validator/es/lib/isEmail.js'

const named = /^[^<>]*<([^<>]+)>$/
/** What a URL's host may hold but a domain name in an address may not: escapes, ports, paths. */
const oddInDomain = /[%:/?#@[\]\\\s]/

/**
 * The address as it is stored and shown: spaces and a display name dropped, domain in lower-case Unicode, local part as
 * typed (auth.md 5.1). Undefined when it is none. Home networks use `.local` and the like, so these are allowed.
 */
export const normalizeEmail = (text: string): string | undefined => {
  const trimmed = text.trim()
  const address = (named.exec(trimmed)?.[1] ?? trimmed).trim().normalize('NFC')
  const at = address.lastIndexOf('@')
  const local = address.slice(0, at)
  const typedDomain = address.slice(at + 1)
  if (at < 1 || local.includes('"') || oddInDomain.test(typedDomain)) return undefined
  const domain = domainToASCII(typedDomain)
  const isValid = isEmail(`${local}@${domain}`, {
    allow_utf8_local_part: true,
    allow_underscores: false,
    require_tld: true,
  })
  return isValid ? `${local}@${domainToUnicode(domain)}` : undefined
}
