/** Undoes the second encoding of clients that encode a query twice; what is no escape stays as it is. */
const decodeOnce = (text: string): string =>
  text.replaceAll(/(?:%[\da-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes)
    } catch {
      return escapes
    }
  })

/** The address that a client means, encoded once more or not (work.md 0). Undefined unless it is http or https. */
export const parseServerUrl = (text: string): URL | undefined => {
  const address = decodeOnce(text).trim()
  return /^https?:\/\//i.test(address) ? (URL.parse(address) ?? undefined) : undefined
}

const ownPaths = /\/api(?:\/(?:version|tags|pull|show|delete))?$/

/**
 * The base that paths such as `/api/tags` are appended to, in one spelling for all addresses of a server (work.md 2):
 * without slashes at its end, query, or a path of the API itself.
 */
export const toServerBase = ({ origin, pathname }: URL): string =>
  origin + pathname.replace(/\/+$/, '').replace(ownPaths, '').replace(/\/+$/, '')
