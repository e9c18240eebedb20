import { randomBytes } from 'node:crypto'

/** New UUID v4 with dashes (conversations, messages, setting instances, sessions, request ids). */
export const newUuid = (): string => crypto.randomUUID()

/** New UUID v4 as 32 lower-case hex characters without dashes (users, personas, tags, navigation routes). */
export const newHexId = (): string => crypto.randomUUID().replaceAll('-', '')

/** Unguessable token of 32 hex characters (128 random bits). */
export const newNonce = (): string => randomBytes(16).toString('hex')

/** The undashed spelling of an id that may come in either; anything else stays as it is. */
export const toHexId = (id: string): string => (/^[0-9a-f-]{36}$/i.test(id) ? id.replaceAll('-', '') : id).toLowerCase()

/** The dashed spelling of an id that may come in either; anything else stays as it is. */
export const toUuid = (id: string): string =>
  (/^[0-9a-f]{32}$/i.test(id) ? id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') : id).toLowerCase()

export const isSameId = (a: string, b: string): boolean => toHexId(a) === toHexId(b)
