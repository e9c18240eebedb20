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

/** Whether a client means the user with this id: `current`, or the id in either spelling. */
export const isOwnId = (ownId: string, sent: string): boolean => sent === 'current' || isSameId(sent, ownId)

/** How page ids are stored where other names are allowed, too: with dashes, as pages show theirs. Other names as Unicode. */
export const toPageId = (text: string): string => (isUuid(text) ? toUuid(text) : text.toWellFormed())

/** Whether a text is a UUID in either spelling. Where free texts are allowed too, only such a one may be respelled. */
export const isUuid = (text: string): boolean =>
  /^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(text)
